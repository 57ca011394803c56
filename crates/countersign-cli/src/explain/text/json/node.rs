//! A JSON document as slices of its own text.

use std::borrow::Cow;

/// A node of a document, whose texts are slices of the document.
pub(crate) enum Node<'d> {
    Object(Vec<(&'d str, Self)>),
    Array(Vec<Self>),
    /// A string with its quotes, a number or a literal.
    Bare(&'d str),
}

impl<'d> Node<'d> {
    /// Parses a document that is known to be valid JSON within the depth limit.
    pub(crate) fn read(text: &'d str) -> Option<Self> {
        Reader(text.trim()).node()
    }

    pub(crate) fn sort(&mut self) {
        match self {
            Self::Object(fields) => {
                fields.sort_by_key(|(name, _)| *name);
                fields.iter_mut().for_each(|(_, value)| value.sort());
            }
            Self::Array(items) => items.iter_mut().for_each(Self::sort),
            Self::Bare(_) => {}
        }
    }

    /// Returns whether the keys of all objects are in alphabetical order.
    pub(crate) fn is_sorted(&self) -> bool {
        match self {
            Self::Object(fields) => {
                fields.is_sorted_by_key(|(name, _)| *name)
                    && fields.iter().all(|(_, value)| value.is_sorted())
            }
            Self::Array(items) => items.iter().all(Self::is_sorted),
            Self::Bare(_) => true,
        }
    }

    /// Returns the number of keys of the object with the most keys.
    pub(crate) fn most_keys(&self) -> usize {
        let own = if let Self::Object(fields) = self { fields.len() } else { 0 };
        let inner = self.children().into_iter().map(|(_, child)| child.most_keys());
        inner.max().unwrap_or(0).max(own)
    }

    pub(crate) fn children(&self) -> Children<'_> {
        match self {
            Self::Object(fields) => {
                fields.iter().map(|(name, value)| (Some(*name), value)).collect()
            }
            Self::Array(items) => items.iter().map(|item| (None, item)).collect(),
            Self::Bare(_) => Vec::new(),
        }
    }
}

/// The children of a node, with their names in an object.
pub(crate) type Children<'n> = Vec<(Option<&'n str>, &'n Node<'n>)>;

/// The rest of a document.
struct Reader<'d>(&'d str);

impl<'d> Reader<'d> {
    fn node(&mut self) -> Option<Node<'d>> {
        match self.peek()? {
            b'{' => {
                self.skip();
                let mut fields = Vec::new();
                while self.peek()? != b'}' {
                    let name = self.text()?;
                    self.eat(b':')?;
                    fields.push((name, self.node()?));
                    self.eat(b',');
                }
                self.skip();
                Some(Node::Object(fields))
            }
            b'[' => {
                self.skip();
                let mut items = Vec::new();
                while self.peek()? != b']' {
                    items.push(self.node()?);
                    self.eat(b',');
                }
                self.skip();
                Some(Node::Array(items))
            }
            b'"' => self.text().map(Node::Bare),
            _ => {
                let end = self.0.find(|letter: char| ",]} \t\r\n".contains(letter));
                self.take(end.unwrap_or(self.0.len())).map(Node::Bare)
            }
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        self.0.as_bytes().first().copied()
    }

    fn skip(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.skip())
    }

    /// Reads a string with its quotes.
    fn text(&mut self) -> Option<&'d str> {
        self.peek()?;
        let mut is_escaped = false;
        let closes = |letter: char| {
            let closes = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            closes
        };
        let end = self.0.get(1..)?.find(closes)?;
        self.take(end + 2)
    }

    fn take(&mut self, length: usize) -> Option<&'d str> {
        let (piece, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(piece)
    }
}

/// Returns the characters of a string; an unpaired surrogate is returned as its escape.
pub(crate) fn unescaped(text: &str) -> impl Iterator<Item = Result<char, Cow<'_, str>>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.chars();
        let first = letters.next()?;
        if first != '\\' {
            rest = letters.as_str();
            return Some(Ok(first));
        }
        let kind = letters.next()?;
        if kind != 'u' {
            rest = letters.as_str();
            return Some(Ok(match kind {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                other => other,
            }));
        }
        let unit = |at: usize| u16::from_str_radix(rest.get(at + 2..at + 6)?, 16).ok();
        let high = unit(0)?;
        let is_followed = rest.get(6..8) == Some("\\u");
        let low = if is_followed { unit(6) } else { None };
        let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
        let (letter, length) = match (char::from_u32(u32::from(high)), pair) {
            (Some(letter), _) => (Ok(letter), 6),
            (None, Some(letter)) => (Ok(letter), 12),
            (None, None) => (Err(Cow::Owned(rest.get(..6)?.to_owned())), 6),
        };
        rest = rest.get(length..)?;
        Some(letter)
    })
}
