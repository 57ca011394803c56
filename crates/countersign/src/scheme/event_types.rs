//! The event types of an unsigned header that are part of dedup keys.

use std::borrow::Cow;

use crate::error::{ConfigError, ConfigErrorKind};

/// The longest event type that is part of a key, in bytes.
const MAX_TYPE_BYTES: usize = 128;

/// The characters of the event types of any sender: all printable ones but those that separate or quote values
/// in headers. A type beyond them would be lost beside another with the same body.
const GENERAL: &str = " !#-+.-:=?@A-Z^_a-z|~-";

/// The event types that are part of dedup keys, where the type is in a header.
#[derive(Clone, Debug)]
pub(crate) enum EventTypes {
    /// The signature covers the header, so every type counts.
    Signed,
    /// A client can change the header, so only some types count.
    Unsigned { characters: CharacterSet, declared: Option<Vec<Cow<'static, str>>> },
}

impl EventTypes {
    /// Compiles the characters of the sender's event types, and the types that the application declares.
    pub(super) fn unsigned(
        characters: Option<&str>,
        declared: Option<Vec<Cow<'static, str>>>,
    ) -> Result<Self, ConfigError> {
        let characters = CharacterSet::parse(characters.unwrap_or(GENERAL))?;
        for name in declared.iter().flatten() {
            if characters.normalized(name.as_bytes()).as_deref() != Some(name) {
                return Err(invalid(format!(
                    "`{}` is not an event type of this sender: write the type as in the sender's header, in at most {MAX_TYPE_BYTES} of the characters that its types have",
                    name.escape_debug()
                )));
            }
        }
        Ok(Self::Unsigned { characters, declared })
    }

    /// Returns the event type in a header's value, or `None` if the value is not a type that counts.
    ///
    /// Values that differ in surrounding white space are one type. So are values that differ in case, if
    /// the sender's types are in lower case.
    pub(crate) fn find<'v>(&self, value: &'v [u8]) -> Option<Cow<'v, str>> {
        match self {
            Self::Signed => Some(String::from_utf8_lossy(value)),
            Self::Unsigned { characters, declared } => {
                let name = characters.normalized(value)?;
                let is_declared = match declared {
                    Some(declared) => declared.contains(&name),
                    None => true,
                };
                is_declared.then_some(name)
            }
        }
    }
}

fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// A set of ASCII characters, one bit each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CharacterSet(u128);

impl CharacterSet {
    /// Parses characters and ranges such as `a-z0-9_/`. A `-` at the start or the end is a character.
    fn parse(text: &str) -> Result<Self, ConfigError> {
        let unusable = || {
            invalid(format!(
                "`{}` is not a set of characters: write printable ASCII characters and ranges, such as `a-z0-9_/`",
                text.escape_debug()
            ))
        };
        let mut set = 0;
        let mut rest = text.as_bytes();
        if rest.is_empty() {
            return Err(unusable());
        }
        while let [first, after @ ..] = rest {
            let (last, after) = match after {
                [b'-', last, after @ ..] => (last, after),
                _ => (first, after),
            };
            if first > last || !(b' '..=b'~').contains(first) || !(b' '..=b'~').contains(last) {
                return Err(unusable());
            }
            set |= (*first..=*last).fold(0, |set, character| set | 1_u128 << character);
            rest = after;
        }
        Ok(Self(set))
    }

    fn contains(self, character: u8) -> bool {
        character.is_ascii() && self.0 & 1_u128 << character != 0
    }

    /// Returns the event type in a value, if it consists of these characters.
    fn normalized(self, value: &[u8]) -> Option<Cow<'_, str>> {
        let text = std::str::from_utf8(value.trim_ascii()).ok()?;
        let name = if self.has_upper_case() { Cow::Borrowed(text) } else { lower_case(text) };
        let is_type = (1..=MAX_TYPE_BYTES).contains(&name.len())
            && name.bytes().all(|byte| self.contains(byte))
            && !name.contains("  ");
        is_type.then_some(name)
    }

    fn has_upper_case(self) -> bool {
        (b'A'..=b'Z').any(|character| self.contains(character))
    }
}

fn invalid(message: String) -> ConfigError {
    ConfigError::new(ConfigErrorKind::InvalidScheme, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(characters: Option<&str>, declared: Option<&[&'static str]>) -> EventTypes {
        let declared = declared.map(|names| names.iter().map(|name| (*name).into()).collect());
        EventTypes::unsigned(characters, declared).unwrap()
    }

    #[test]
    fn the_general_characters_fit_the_types_of_all_senders() {
        let general = types(None, None);
        let longest = "a".repeat(128);
        for name in [
            "orders/create",
            "Push Hook",
            "repo:push",
            "order.updated",
            "pull_request",
            "transfers#state-change",
            "order.updated@v2",
            "order|created",
            "Order created (test)",
            "s3:ObjectCreated:*",
            "type=invoice&action=paid",
            "application/vnd.acme+json",
            "it's 100% ~new? $ ^!",
            "x",
            &longest,
        ] {
            assert_eq!(general.find(name.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_value_outside_the_syntax_is_not_a_type() {
        let general = types(None, None);
        let too_long = "a".repeat(129);
        let values: [&[u8]; 13] = [
            b"",
            b" ",
            b"a\0b",
            b"a\nb",
            b"a,b",
            b"a;b",
            b"a\"b",
            b"<a>",
            b"a\\b",
            b"Push  Hook",
            "commande/créée".as_bytes(),
            b"\xff",
            too_long.as_bytes(),
        ];
        for value in values {
            assert_eq!(general.find(value), None, "{value:?}");
        }
        assert_eq!(types(Some("a-z_"), None).find(b"push1"), None);
    }

    #[test]
    fn neither_white_space_nor_case_makes_another_type() {
        let lower = types(Some("a-z0-9_/"), None);
        for value in ["orders/create", " orders/create\t", "Orders/Create", "ORDERS/CREATE "] {
            assert_eq!(lower.find(value.as_bytes()).as_deref(), Some("orders/create"), "{value:?}");
        }
        let general = types(None, None);
        assert_eq!(general.find(b" Push Hook ").as_deref(), Some("Push Hook"));
    }

    #[test]
    fn only_declared_types_count() {
        let declared = types(Some("a-z_/"), Some(&["orders/create", "orders/updated"]));
        assert_eq!(declared.find(b"orders/create").as_deref(), Some("orders/create"));
        assert_eq!(declared.find(b" ORDERS/updated").as_deref(), Some("orders/updated"));
        assert_eq!(declared.find(b"orders/delete"), None);
        assert_eq!(types(None, Some(&[])).find(b"orders/create"), None);
    }

    #[test]
    fn a_declared_type_outside_the_syntax_is_rejected() {
        for name in ["Orders/Create", "orders create", "", " orders/create"] {
            let error = EventTypes::unsigned(Some("a-z_/"), Some(vec![name.into()])).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{name:?}");
        }
    }

    #[test]
    fn a_set_is_characters_and_ranges() {
        let set = CharacterSet::parse("-a-c_/").unwrap();
        let members: Vec<_> = (0..=u8::MAX).filter(|character| set.contains(*character)).collect();
        assert_eq!(members, b"-/_abc");
        assert_eq!(CharacterSet::parse("a-"), CharacterSet::parse("-a"));
        for text in ["", "z-a", "é", "a\u{7f}", "\t"] {
            let error = CharacterSet::parse(text).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{text:?}");
        }
    }
}
