//! Printing a document with this white space and these escapes.

use std::fmt::Write as _;

use super::node::{Node, unescaped};

/// Where the white space is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layout {
    /// One line: what stands after a comma and around a colon.
    Line { comma: &'static str, colon: &'static str },
    /// A line a value, indented by this, with this at the ends of lines and after names.
    Lines { indent: &'static str, end: &'static str, colon: &'static str },
    /// Jackson's: objects over lines, arrays in one.
    Jackson,
}

/// How the letters of texts are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Letters {
    /// As they stand.
    Kept,
    /// Escaped where they must be.
    Raw,
    /// All outside ASCII escaped, in lower-case or upper-case digits.
    Ascii { upper: bool },
    /// PHP: slashes too, with or without all outside ASCII.
    Slashes { ascii: bool },
    /// Go and Rails: what HTML knows too.
    Html,
    /// .NET: what HTML knows and all outside ASCII, in upper-case digits.
    DotNet,
}

/// The document as text.
pub(super) fn print(node: &Node<'_>, layout: Layout, letters: Letters) -> String {
    let mut printer = Printer { text: String::new(), layout, letters };
    printer.node(node, 0);
    printer.text
}

struct Printer {
    text: String,
    layout: Layout,
    letters: Letters,
}

impl Printer {
    fn node(&mut self, node: &Node<'_>, depth: usize) {
        let [open, close] = match node {
            Node::Bare(text) => return self.bare(text),
            Node::Object(_) => ['{', '}'],
            Node::Array(_) => ['[', ']'],
        };
        let children = node.children();
        self.text.push(open);
        let is_empty = children.is_empty();
        for (at, (name, child)) in children.into_iter().enumerate() {
            self.joint(at, depth + 1, open);
            if let Some(name) = name {
                self.bare(name);
                self.text.push_str(match self.layout {
                    Layout::Line { colon, .. } | Layout::Lines { colon, .. } => colon,
                    Layout::Jackson => " : ",
                });
            }
            self.node(child, depth + usize::from(self.layout != Layout::Jackson || open == '{'));
        }
        match self.layout {
            Layout::Lines { indent, end, .. } if !is_empty => self.line(end, indent, depth),
            Layout::Jackson if open == '{' && !is_empty => self.line("\n", "  ", depth),
            Layout::Jackson => self.text.push(' '),
            Layout::Line { .. } | Layout::Lines { .. } => {}
        }
        self.text.push(close);
    }

    /// What stands before a child.
    fn joint(&mut self, at: usize, depth: usize, open: char) {
        match self.layout {
            Layout::Line { comma, .. } if at > 0 => self.text.push_str(comma),
            Layout::Line { .. } => {}
            Layout::Lines { indent, end, .. } => {
                self.text.push_str(if at > 0 { "," } else { "" });
                self.line(end, indent, depth);
            }
            Layout::Jackson => {
                self.text.push_str(if at > 0 { "," } else { "" });
                if open == '{' { self.line("\n", "  ", depth) } else { self.text.push(' ') }
            }
        }
    }

    fn line(&mut self, end: &str, indent: &str, depth: usize) {
        self.text.push_str(end);
        self.text.extend(std::iter::repeat_n(indent, depth));
    }

    /// A text in quotes, or whatever has none.
    fn bare(&mut self, text: &str) {
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match inner {
            Some(inner) if self.letters != Letters::Kept => {
                self.text.push('"');
                for letter in unescaped(inner) {
                    match letter {
                        Ok(letter) => self.letter(letter),
                        Err(escape) => self.text.push_str(&escape),
                    }
                }
                self.text.push('"');
            }
            _ => self.text.push_str(text),
        }
    }

    fn letter(&mut self, letter: char) {
        let (ascii, upper) = match self.letters {
            Letters::Ascii { upper } => (true, upper),
            Letters::Slashes { ascii } => (ascii, false),
            Letters::DotNet => (true, true),
            Letters::Kept | Letters::Raw | Letters::Html => (false, false),
        };
        let is_for_html = match self.letters {
            Letters::Html => "<>&\u{2028}\u{2029}".contains(letter),
            Letters::DotNet => "<>&\"'+`".contains(letter),
            _ => false,
        };
        let short = match letter {
            _ if is_for_html => None,
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            '\u{8}' => Some("\\b"),
            '\u{c}' => Some("\\f"),
            '/' if matches!(self.letters, Letters::Slashes { .. }) => Some("\\/"),
            _ => None,
        };
        if let Some(short) = short {
            self.text.push_str(short);
        } else if is_for_html || letter < ' ' || (ascii && !letter.is_ascii()) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a String does not fail.
                let _ = if upper {
                    write!(self.text, "\\u{unit:04X}")
                } else {
                    write!(self.text, "\\u{unit:04x}")
                };
            }
        } else {
            self.text.push(letter);
        }
    }
}
