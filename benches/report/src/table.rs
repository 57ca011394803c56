//! Tables of results, on the terminal and on the page.

use crate::Results;
use crate::number::number;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Column {
    title: &'static str,
    quantity: &'static str,
    is_ratio: bool,
}

impl Column {
    /// Creates a column of the medians of a quantity.
    #[must_use]
    pub const fn of(title: &'static str, quantity: &'static str) -> Self {
        Self { title, quantity, is_ratio: false }
    }

    /// Creates a column of the ratios of a quantity to the baseline's.
    #[must_use]
    pub const fn ratio(title: &'static str, quantity: &'static str) -> Self {
        Self { title, quantity, is_ratio: true }
    }

    fn cell(self, results: &Results, case: &str, contender: &str, base: &str) -> String {
        let value = if self.is_ratio {
            results.ratio(case, contender, base, self.quantity)
        } else {
            results.value(case, contender, self.quantity)
        };
        value.map(number).unwrap_or_default()
    }
}

/// Returns a table of all contenders of these cases, each with the ratios to its case's baseline.
#[must_use]
pub fn table(results: &Results, cases: &[&str], columns: &[Column]) -> String {
    let mut rows = vec![
        [""].into_iter()
            .chain(columns.iter().map(|column| column.title))
            .map(str::to_owned)
            .collect(),
    ];
    for case in cases {
        let contenders = results.contenders(case);
        for contender in &contenders {
            let base = contenders.first().copied().unwrap_or_default();
            let cells = columns.iter().map(|column| column.cell(results, case, contender, base));
            rows.push([(*contender).to_owned()].into_iter().chain(cells).collect());
        }
    }
    markdown(&rows)
}

/// Returns rows of cells as a table in Markdown: the first row is the head, the first column is text.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let width = *width;
            text += &if column == 0 {
                format!("| {cell:<width$} |")
            } else {
                format!(" {cell:>width$} |")
            };
        }
        text.push('\n');
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                text += &if column == 0 { format!("|-{dashes}|") } else { format!("{dashes}:|") };
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Column, table};
    use crate::{Results, Run};

    #[test]
    fn a_table_has_a_row_for_each_contender_with_its_ratios() {
        let mut results = Results::new(Run::default());
        results.add("case", "bare", "ns", &[1000.0]);
        results.add("case", "own", "ns", &[1250.0]);
        let columns = [Column::of("ns", "ns"), Column::ratio("× bare", "ns")];
        let expected = "\
            |      |    ns | × bare |\n\
            |------|------:|-------:|\n\
            | bare | 1 000 |   1.00 |\n\
            | own  | 1 250 |   1.25 |\n";
        assert_eq!(table(&results, &["case"], &columns), expected);
    }
}
