//! Serializes a document with a given white space and escapes.

use std::fmt::Write as _;

use crate::explain::text::json::node::{Node, unescaped};

/// The white space between tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Layout {
    /// One line, with this comma and this colon.
    Line { comma: &'static str, colon: &'static str },
    /// One line per value, with this indentation, line break and colon.
    Lines { indent: &'static str, end: &'static str, colon: &'static str },
    /// Jackson: one line per field of an object, arrays in one line.
    Jackson,
}

/// The escaping of strings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Letters {
    /// Unchanged.
    Kept,
    /// Only the required escapes.
    Raw,
    /// All non-ASCII characters escaped, with lower-case or upper-case digits.
    Ascii { upper: bool },
    /// PHP: slashes escaped, with or without non-ASCII characters.
    Slashes { ascii: bool },
    /// Go and Rails: characters with a meaning in HTML escaped.
    Html,
    /// .NET: characters with a meaning in HTML and all non-ASCII characters, with upper-case digits.
    DotNet,
}

/// Serializes the document.
pub(crate) fn print(node: &Node<'_>, layout: Layout, letters: Letters) -> String {
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

    /// Writes the separator before a child.
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

    /// Writes a string in quotes, or another token.
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
