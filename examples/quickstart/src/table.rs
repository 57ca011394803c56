//! The acts as a table for people.

use std::fmt::{self, Display, Formatter};

use crate::scenario::Act;
use crate::stage::{Expected, Row};

/// Prints with or without colours.
pub(crate) struct Table<'a> {
    pub(crate) acts: &'a [Act],
    pub(crate) is_coloured: bool,
}

/// As terminals number them.
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
        self.acts.iter().flat_map(|act| &act.rows)
    }

    fn count(&self, is: impl Fn(&Row) -> bool) -> usize {
        self.rows().filter(|row| is(row)).count()
    }

    /// Pad before painting: escapes have no width.
    fn paint(&self, style: Style, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{}m{text}\x1b[0m", style as u8) } else { text.into() }
    }

    fn row(&self, f: &mut Formatter<'_>, row: &Row, sent_width: usize) -> fmt::Result {
        let mark = match row.problem {
            None => self.paint(Style::Green, "✓"),
            Some(_) => self.paint(Style::Red, "✗"),
        };
        let (style, answer) = match row.answer {
            None => (Style::Dim, "none".into()),
            Some(answer) => {
                let style = match answer.status {
                    200..300 => Style::Green,
                    500.. => Style::Red,
                    _ => Style::Yellow,
                };
                let again = answer.retry_after.map(|secs| format!(", wait {secs} s"));
                (style, format!("{}{}", answer.status, again.unwrap_or_default()))
            }
        };
        let answer = self.paint(style, &format!("{answer:<14}"));
        let saw = match &row.saw {
            Ok(note) if row.expected == Expected::Failed => format!("{note}, then fails"),
            Ok(note) => note.clone(),
            Err(reason) => self.paint(Style::Dim, &format!("– {reason}")),
        };
        let (sender, sent) = (row.sender.name(), &row.sent);
        writeln!(f, "{mark} {sender:<10}  {sent:<sent_width$}  {answer}  {saw}")?;
        match &row.problem {
            None => Ok(()),
            Some(problem) => writeln!(f, "  {}", self.paint(Style::Red, problem)),
        }
    }

    fn summary(&self) -> String {
        let expected = |kind| self.count(|row| row.expected == kind);
        let all = self.rows().count();
        let handled = expected(Expected::Handled) + expected(Expected::HungUp);
        let failed = expected(Expected::Failed);
        let duplicate = expected(Expected::Duplicate);
        let in_progress = expected(Expected::InProgress);
        let rejected = self.count(|row| matches!(row.expected, Expected::Rejected(_)));
        let (style, end) = match self.problems() {
            0 => (Style::Green, "everything as it should be".into()),
            problems => (Style::Red, format!("{problems} NOT as it should be")),
        };
        format!(
            "{all} deliveries · {handled} handled · {failed} failed · {duplicate} duplicate · \
             {in_progress} put off · {rejected} rejected · {}",
            self.paint(style, &end)
        )
    }
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sent_width = self.rows().map(|row| row.sent.chars().count()).max().unwrap_or_default();
        let headings = format!(
            "  {:<10}  {:<sent_width$}  {:<14}  what the handler saw, or – why it did not run",
            "sender", "what was sent", "answer"
        );
        writeln!(f, "{}", self.paint(Style::Dim, &headings))?;
        for act in self.acts {
            writeln!(f, "\n  {}", self.paint(Style::Bold, act.title))?;
            for row in &act.rows {
                self.row(f, row, sent_width)?;
            }
        }
        writeln!(f, "\n{}", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use crate::post::Sender;

    use super::*;

    #[test]
    fn a_row_that_went_wrong_is_told_in_words() {
        let row = Row {
            sender: Sender::OmniAi,
            sent: "lead.created".into(),
            answer: None,
            saw: Err("handled before".into()),
            expected: Expected::Handled,
            problem: Some("expected 200".into()),
        };
        let acts = [Act { title: "One", rows: vec![row] }];
        let table = Table { acts: &acts, is_coloured: false };
        assert_eq!(table.problems(), 1);
        let text = table.to_string();
        assert!(text.contains("✗ OmniAI      lead.created  none"), "{text}");
        assert!(text.contains("\n  expected 200\n"), "{text}");
        assert!(text.ends_with("1 NOT as it should be\n"), "{text}");
    }
}
