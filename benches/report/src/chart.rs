//! Bar charts as SVG, legible on a light and on a dark page.

use std::fmt::Write;

use crate::number::number;

/// A chart of horizontal bars.
pub(crate) struct Chart {
    /// The name of the file, without its ending.
    pub(crate) file: &'static str,
    pub(crate) title: String,
    /// The quantity and its unit, below the axis.
    pub(crate) axis: &'static str,
    pub(crate) groups: Vec<Group>,
}

/// Bars below one heading.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) bars: Vec<(String, f64)>,
}

const WIDTH: f64 = 790.0;
/// Where the bars begin: the names are to the left.
const LEFT: f64 = 300.0;
/// The longest bar ends here: its value is to the right.
const RIGHT: f64 = 720.0;
const TOP: f64 = 44.0;
const ROW: f64 = 24.0;
const BAR: f64 = 16.0;
const HEADING: f64 = 26.0;
const GAP: f64 = 8.0;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}.group{font-weight:600}.axis{font-size:12px;fill:#59636e}\
.grid{stroke:#d1d9e0}.own{fill:#0969da}.bare{fill:#818b98}.other{fill:#bc7b1a}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.axis{fill:#9198a1}.grid{stroke:#3d444d}\
.own{fill:#4493f8}.bare{fill:#7d8590}.other{fill:#d29922}}";

impl Chart {
    /// Returns the SVG; `None` if there are no bars.
    pub(crate) fn svg(&self) -> Option<String> {
        let values = self.groups.iter().flat_map(|group| &group.bars).map(|(_, value)| *value);
        let longest = values.reduce(f64::max)?;
        let x = |value: f64| LEFT + value / longest * (RIGHT - LEFT);
        let mut bars = String::new();
        let mut y = TOP;
        for group in self.groups.iter().filter(|group| !group.bars.is_empty()) {
            if !group.name.is_empty() {
                text(&mut bars, "group", 12.0, y + 16.0, "start", &group.name);
                y += HEADING;
            }
            for (name, value) in &group.bars {
                let (width, middle) = (x(*value) - LEFT, y + BAR / 2.0 + 5.0);
                text(&mut bars, "name", LEFT - 10.0, middle, "end", name);
                let _ = writeln!(
                    bars,
                    r#"<rect class="{}" x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" rx="2"/>"#,
                    kind(name)
                );
                text(&mut bars, "value", x(*value) + 6.0, middle, "start", &number(*value));
                y += ROW;
            }
            y += GAP;
        }
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n",
            height = y + 44.0,
            title = escaped(&self.title),
        );
        text(&mut svg, "title", 12.0, 26.0, "start", &self.title);
        let step = step(longest);
        for tick in (0..).map(|index| f64::from(index) * step).take_while(|tick| *tick <= longest) {
            let x = x(tick);
            let _ = writeln!(
                svg,
                r#"<line class="grid" x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{y}"/>"#
            );
            text(&mut svg, "axis", x, y + 16.0, "middle", &tick_text(tick));
        }
        text(&mut svg, "axis", LEFT, y + 34.0, "start", self.axis);
        Some(svg + &bars + "</svg>\n")
    }
}

/// Returns the distance of the ticks: 1, 2 or 5 times a power of ten, for three to seven ticks.
fn step(longest: f64) -> f64 {
    let power = 10_f64.powf((longest / 3.0).log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|factor| factor * power);
    steps.into_iter().find(|step| longest / step >= 3.0).unwrap_or(power)
}

fn tick_text(tick: f64) -> String {
    if tick >= 1000.0 { number(tick) } else { format!("{}", (tick * 1000.0).round() / 1000.0) }
}

/// Returns the class of a bar: the project's own are set off from the others, and from the baselines.
fn kind(name: &str) -> &'static str {
    match name {
        name if name.starts_with("countersign") => "own",
        name if name.starts_with("bare") => "bare",
        _ => "other",
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, content: &str) {
    let content = escaped(content);
    let _ = writeln!(
        svg,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{content}</text>"#
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{Chart, Group, step};

    #[test]
    fn ticks_are_at_round_distances() {
        let steps = [1.0, 3.0, 7.0, 12.0, 99.0, 42_000.0].map(step);
        assert_eq!(steps, [0.2, 1.0, 2.0, 2.0, 20.0, 10_000.0]);
    }

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        let bars = vec![("bare".to_owned(), 5.0), ("countersign <T>".to_owned(), 10.0)];
        let groups = vec![Group { name: String::new(), bars }];
        let chart = Chart { file: "a", title: "A".to_owned(), axis: "µs", groups };
        let svg = chart.svg().unwrap_or_default();
        assert!(svg.contains(r#"<rect class="bare" x="300" y="44" width="210.0""#), "{svg}");
        assert!(svg.contains(r#"<rect class="own" x="300" y="68" width="420.0""#), "{svg}");
        assert!(svg.contains("countersign &lt;T&gt;"), "{svg}");
    }

    #[test]
    fn a_chart_without_bars_is_omitted() {
        let chart = Chart { file: "a", title: "A".to_owned(), axis: "µs", groups: Vec::new() };
        assert_eq!(chart.svg(), None);
    }
}
