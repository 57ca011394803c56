//! Splits a shell command into words like `bash`, and quotes words for it.

use std::iter::Peekable;
use std::str::Chars;

/// Splits a command line into words, as bytes: `$'\xff'` may be any byte.
///
/// All three kinds of quotes and backslashes are supported. Expansions by the shell are an error.
pub(super) fn words(line: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut letters = line.chars().peekable();
    let (mut words, mut word) = (Vec::new(), None::<Vec<u8>>);
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' if letters.next_if_eq(&'\n').is_some() => {}
            '\\' if letters.next_if_eq(&'\r').is_some() => _ = letters.next_if_eq(&'\n'),
            '\\' => {
                push(word.get_or_insert_default(), letters.next().ok_or("ends in a backslash")?)
            }
            '\'' => single_quoted(&mut letters, word.get_or_insert_default())?,
            '"' => double_quoted(&mut letters, word.get_or_insert_default())?,
            '$' if letters.next_if_eq(&'\'').is_some() => {
                ansi_quoted(&mut letters, word.get_or_insert_default())?;
            }
            '$' | '`' => return Err("has a shell expansion: replace it by its value"),
            letter => push(word.get_or_insert_default(), letter),
        }
    }
    words.extend(word);
    Ok(words)
}

fn push(word: &mut Vec<u8>, letter: char) {
    word.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

const UNCLOSED: &str = "has a quote that is not closed";

fn single_quoted(
    letters: &mut Peekable<Chars<'_>>,
    word: &mut Vec<u8>,
) -> Result<(), &'static str> {
    loop {
        match letters.next().ok_or(UNCLOSED)? {
            '\'' => return Ok(()),
            letter => push(word, letter),
        }
    }
}

fn double_quoted(
    letters: &mut Peekable<Chars<'_>>,
    word: &mut Vec<u8>,
) -> Result<(), &'static str> {
    loop {
        match letters.next().ok_or(UNCLOSED)? {
            '"' => return Ok(()),
            '$' | '`' => return Err("has a shell expansion: replace it by its value"),
            '\\' => match letters.next().ok_or(UNCLOSED)? {
                '\n' => {}
                letter @ ('"' | '\\' | '$' | '`') => push(word, letter),
                letter => {
                    word.push(b'\\');
                    push(word, letter);
                }
            },
            letter => push(word, letter),
        }
    }
}

/// Reads `$'…'`, which browsers write for bodies with quotes or line breaks.
fn ansi_quoted(letters: &mut Peekable<Chars<'_>>, word: &mut Vec<u8>) -> Result<(), &'static str> {
    const UNKNOWN: &str = "has an unknown escape in `$'…'`";
    loop {
        match letters.next().ok_or(UNCLOSED)? {
            '\'' => return Ok(()),
            '\\' => match letters.next().ok_or(UNCLOSED)? {
                'n' => word.push(b'\n'),
                'r' => word.push(b'\r'),
                't' => word.push(b'\t'),
                'a' => word.push(7),
                'b' => word.push(8),
                'e' | 'E' => word.push(27),
                'f' => word.push(12),
                'v' => word.push(11),
                letter @ ('\\' | '\'' | '"' | '?') => push(word, letter),
                'x' => word.push(
                    u8::try_from(number(letters, 16, 2).ok_or(UNKNOWN)?).map_err(|_| UNKNOWN)?,
                ),
                'u' => push(word, number(letters, 16, 4).and_then(char::from_u32).ok_or(UNKNOWN)?),
                'U' => push(word, number(letters, 16, 8).and_then(char::from_u32).ok_or(UNKNOWN)?),
                digit @ '0'..='7' => {
                    let first = digit.to_digit(8).unwrap_or_default();
                    let code = digits(letters, 8, 2, first).0;
                    word.push(u8::try_from(code).map_err(|_| UNKNOWN)?);
                }
                _ => return Err(UNKNOWN),
            },
            letter => push(word, letter),
        }
    }
}

/// Reads a number of one to `most` digits.
fn number(letters: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Option<u32> {
    let (number, count) = digits(letters, radix, most, 0);
    (count > 0).then_some(number)
}

/// Reads up to `most` further digits after `first`; returns the number and how many were read.
fn digits(letters: &mut Peekable<Chars<'_>>, radix: u32, most: usize, first: u32) -> (u32, usize) {
    let (mut number, mut count) = (first, 0);
    while count < most
        && let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(radix))
    {
        number = number.saturating_mul(radix).saturating_add(digit);
        count += 1;
        letters.next();
    }
    (number, count)
}

/// Quotes bytes as one word of a shell.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let escaped: String = bytes
                .iter()
                .map(|byte| match byte {
                    b'\n' => r"\n".to_owned(),
                    b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                    b' '..=b'~' => char::from(*byte).to_string(),
                    byte => format!("\\x{byte:02x}"),
                })
                .collect();
            format!("$'{escaped}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{quoted, words};

    #[track_caller]
    fn parts(line: &str, expected: &[&[u8]]) {
        assert_eq!(words(line).unwrap(), expected, "{line}");
    }

    #[test]
    fn words_are_split_as_by_bash() {
        parts("", &[]);
        parts(" a  b\tc\n", &[b"a", b"b", b"c"]);
        parts("a\\ b", &[b"a b"]);
        parts("a \\\n b", &[b"a", b"b"]);
        parts("a \\\r\n b", &[b"a", b"b"]);
        parts("'a b'\"c d\"e", &[b"a bc de"]);
        parts("'' \"\"", &[b"", b""]);
        parts(r#""a\"b\\c\n""#, &[br#"a"b\c\n"#]);
        parts(r"'a'\''b'", &[b"a'b"]);
        parts(r"$'a\'\n\t\x41\u00e9\101\0'", &["a'\n\tAéA\0".as_bytes()]);
        parts(r"$'\xff'", &[b"\xff"]);
        parts("'$HOME'", &[b"$HOME"]);
    }

    #[test]
    fn a_shell_expansion_is_rejected() {
        for line in ["$HOME", "\"$HOME\"", "`date`", "\"$(date)\""] {
            assert!(words(line).unwrap_err().contains("shell expansion"), "{line}");
        }
        for line in ["'a", "\"a", "$'a", "\"a\\"] {
            assert!(words(line).unwrap_err().contains("not closed"), "{line}");
        }
        for line in [r"$'\q'", r"$'\x'", r"$'\ud800'", r"$'\777'"] {
            assert!(words(line).unwrap_err().contains("escape"), "{line}");
        }
    }

    proptest! {
        #[test]
        fn quoted_bytes_are_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(words(&quoted(&bytes)).unwrap(), [bytes]);
        }

        #[test]
        fn no_line_panics(line in any::<String>()) {
            let _ = words(&line);
        }
    }
}
