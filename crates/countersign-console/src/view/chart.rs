//! Charts of counts by time.

use std::fmt::Write;
use std::time::Duration;

use countersign::Timestamp;
use countersign::log::LogRate;
use maud::{Markup, html};

use super::text;

/// The counts of one span of time, in bars of one length.
#[derive(Clone, Debug)]
pub(crate) struct Bars {
    pub(crate) bars: Vec<Bar>,
    from: Timestamp,
    length: Duration,
}

/// One bar: all requests, and those that were rejected or failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bar {
    pub(crate) all: u64,
    pub(crate) bad: u64,
}

impl Bars {
    /// Counts what happened from `from` on, in `count` bars.
    pub(crate) fn new<'r>(
        rates: impl IntoIterator<Item = &'r LogRate>,
        from: Timestamp,
        span: Duration,
        count: u32,
    ) -> Self {
        let length = span / count.max(1);
        let mut bars = vec![Bar::default(); usize::try_from(count).unwrap_or_default()];
        for rate in rates {
            let since = rate.minute.saturating_since(from).as_secs();
            let index = usize::try_from(since / length.as_secs().max(1)).unwrap_or(usize::MAX);
            // The minute in which the span begins is counted whole, and so is the last one.
            let last = bars.len().saturating_sub(1);
            if let Some(bar) = bars.get_mut(index.min(last)) {
                bar.all += rate.count;
                if !rate.is_success() {
                    bar.bad += rate.count;
                }
            }
        }
        Self { bars, from, length }
    }

    pub(crate) fn most(&self) -> u64 {
        self.bars.iter().map(|bar| bar.all).max().unwrap_or_default()
    }

    /// Returns when the first bar with something bad begins, and when the last one does.
    pub(crate) fn bad_from_to(&self) -> Option<(Timestamp, Timestamp)> {
        let bad = |bar: &Bar| bar.bad > 0;
        let (first, last) = (self.bars.iter().position(bad)?, self.bars.iter().rposition(bad)?);
        Some((self.begin(first), self.begin(last)))
    }

    fn begin(&self, index: usize) -> Timestamp {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.from.saturating_add(self.length.saturating_mul(index))
    }

    /// Draws the bars, `width` units wide with a gap after each, red at the bottom.
    pub(crate) fn svg(
        &self,
        class: &str,
        (width, gap): (u32, u32),
        height: u32,
        label: &str,
    ) -> Markup {
        let most = self.most().max(1);
        #[expect(clippy::cast_precision_loss, reason = "a chart has a hundred units")]
        let scaled = |count: u64| count as f64 * f64::from(height) / most as f64;
        let (mut good, mut bad) = (String::new(), String::new());
        for (index, bar) in (0_u32..).zip(&self.bars) {
            let x = index * (width + gap);
            // What is bad is seen even if it is little.
            let red = if bar.bad > 0 { scaled(bar.bad).max(1.0) } else { 0.0 };
            let all = scaled(bar.all).max(red);
            let top = f64::from(height) - all;
            // Writing to a string never fails.
            if all > red {
                let _ = write!(good, "M{x} {top:.2}h{width}v{:.2}h-{width}z", all - red);
            }
            if red > 0.0 {
                let from = f64::from(height) - red;
                let _ = write!(bad, "M{x} {from:.2}h{width}v{red:.2}h-{width}z");
            }
        }
        let count = u32::try_from(self.bars.len()).unwrap_or_default();
        let view = format!("0 0 {} {height}", count * (width + gap));
        html! {
            svg.(class) viewBox=(view) preserveAspectRatio="none" role="img" aria-label=(label) {
                path.g d=(good) {}
                path.r d=(bad) {}
            }
        }
    }

    /// Draws the chart of a list, with its times below.
    pub(crate) fn figure(&self, what: &str) -> Markup {
        let label = format!(
            "Deliveries: at most {} a bar; red, those that failed or were rejected",
            self.most()
        );
        let last = self.begin(self.bars.len());
        html! {
            figure.pad {
                (self.svg("wide", (9, 7), 40, &label))
                figcaption.ticks {
                    span { (text::minute(self.from)) }
                    span { "One bar per " (what) ", at most " (text::number(self.most())) "; red failed or was rejected" }
                    span { (text::minute(last)) }
                }
            }
        }
    }
}
