//! Prints the sections as a table.

use std::fmt::{self, Display, Formatter};

use crate::harness::{Expected, Row};
use crate::scenario::Section;

/// A table of all sections, with or without colours.
pub(crate) struct Table<'a> {
    pub(crate) sections: &'a [Section],
    pub(crate) is_coloured: bool,
}

/// ANSI styles, by their numbers.
#[derive(Clone, Copy)]
enum Style {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
}

impl Table<'_> {
    pub(crate) fn problems(&self) -> usize {
        self.count(|row| row.problem.is_some())
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    fn count(&self, matches: impl Fn(&Row) -> bool) -> usize {
        self.rows().filter(|row| matches(row)).count()
    }

    /// Applies a style. Pad the text before: escape sequences have no width.
    fn paint(&self, style: Style, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{}m{text}\x1b[0m", style as u8) } else { text.into() }
    }

    fn row(&self, f: &mut Formatter<'_>, row: &Row, width: usize) -> fmt::Result {
        let mark = match row.problem {
            None => self.paint(Style::Green, "✓"),
            Some(_) => self.paint(Style::Red, "✗"),
        };
        let (style, response) = match row.response {
            None => (Style::Dim, "none".into()),
            Some(response) => {
                let style = match response.status {
                    200..300 => Style::Green,
                    500.. => Style::Red,
                    _ => Style::Yellow,
                };
                let retry = response.retry_after.map(|secs| format!(", wait {secs} s"));
                (style, format!("{}{}", response.status, retry.unwrap_or_default()))
            }
        };
        let response = self.paint(style, &format!("{response:<14}"));
        let note = match &row.note {
            Ok(note) if row.expected == Expected::Failed => format!("{note}, then fails"),
            Ok(note) => note.clone(),
            Err(reason) => self.paint(Style::Dim, &format!("– {reason}")),
        };
        let (sender, request) = (row.sender.name(), &row.description);
        writeln!(f, "{mark} {sender:<10}  {request:<width$}  {response}  {note}")?;
        match &row.problem {
            None => Ok(()),
            Some(problem) => writeln!(f, "  {}", self.paint(Style::Red, problem)),
        }
    }

    fn summary(&self) -> String {
        let expected = |kind| self.count(|row| row.expected == kind);
        let all = self.rows().count();
        let handled = expected(Expected::Handled) + expected(Expected::Disconnected);
        let failed = expected(Expected::Failed);
        let duplicate = expected(Expected::Duplicate);
        let in_progress = expected(Expected::InProgress);
        let rejected = self.count(|row| matches!(row.expected, Expected::Rejected(_)));
        let (style, end) = match self.problems() {
            0 => (Style::Green, "all as expected".into()),
            problems => (Style::Red, format!("{problems} NOT as expected")),
        };
        format!(
            "{all} deliveries · {handled} handled · {failed} failed · {duplicate} duplicate · \
             {in_progress} in progress · {rejected} rejected · {}",
            self.paint(style, &end)
        )
    }
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width =
            self.rows().map(|row| row.description.chars().count()).max().unwrap_or_default();
        let headings = format!(
            "  {:<10}  {:<width$}  {:<14}  handler, or – why it did not run",
            "sender", "request", "response"
        );
        writeln!(f, "{}", self.paint(Style::Dim, &headings))?;
        for section in self.sections {
            writeln!(f, "\n  {}", self.paint(Style::Bold, section.title))?;
            for row in &section.rows {
                self.row(f, row, width)?;
            }
        }
        writeln!(f, "\n{}", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use crate::request::Sender;

    use super::*;

    #[test]
    fn a_row_with_a_problem_is_marked_and_explained() {
        let row = Row {
            sender: Sender::OmniAi,
            description: "lead.created".into(),
            response: None,
            note: Err("already handled".into()),
            expected: Expected::Handled,
            problem: Some("expected 200".into()),
        };
        let sections = [Section { title: "One", rows: vec![row] }];
        let table = Table { sections: &sections, is_coloured: false };
        assert_eq!(table.problems(), 1);
        let text = table.to_string();
        assert!(text.contains("✗ OmniAI      lead.created  none"), "{text}");
        assert!(text.contains("\n  expected 200\n"), "{text}");
        assert!(text.ends_with("1 NOT as expected\n"), "{text}");
    }
}
