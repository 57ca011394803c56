//! Payloads: pretty, raw and as hexadecimal digits.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use super::text::marked;

/// How much of a payload a page shows, in bytes; the rest can be downloaded.
pub(crate) const INLINE: usize = 64 << 10;

/// How much is shown as hexadecimal digits, in bytes.
const HEX: usize = 4 << 10;

/// How deep a document is indented.
const DEEPEST: usize = 64;

/// Shows a payload in three ways, of which a person chooses one.
pub(crate) fn view(body: &[u8]) -> Markup {
    let shown = body.get(..INLINE).unwrap_or(body);
    let text = String::from_utf8_lossy(shown);
    let rest = body.len() - shown.len();
    html! {
        div.box {
            pre.pretty { @if let Some(pretty) = pretty(&text, rest == 0) { (pretty) } @else { (marked(&text, true)) } (more(rest)) }
            pre.raw { (marked(&text, true)) (more(rest)) }
            pre.hex { (hex(body)) }
        }
    }
}

fn more(rest: usize) -> Markup {
    html! { @if rest > 0 { "\n" span.p { "and " (super::text::bytes(u64::try_from(rest).unwrap_or(u64::MAX))) " more: download them" } } }
}

/// Returns a JSON document with a line for each value; `None` if it is not JSON. Strings and numbers are as they
/// were sent: nothing is parsed.
fn pretty(text: &str, is_whole: bool) -> Option<Markup> {
    if !is_whole || serde_json::from_str::<Box<serde_json::value::RawValue>>(text).is_err() {
        return None;
    }
    let mut printer = Printer::default();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '"' => string_length(rest),
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            _ if letter.is_ascii_whitespace() => {
                rest = rest.trim_ascii_start();
                continue;
            }
            _ => rest.find([',', '}', ']', ' ', '\n', '\t', '\r']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        rest = after;
        printer.token(token, after);
    }
    Some(printer.finish())
}

/// Returns the length of the string literal at the beginning of a text, in bytes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[derive(Default)]
struct Printer {
    out: String,
    line: String,
    depth: usize,
}

impl Printer {
    fn token(&mut self, token: &str, after: &str) {
        let follows = after.trim_ascii_start();
        match token {
            "{" | "[" => {
                self.punctuation(token);
                self.depth += 1;
                if !follows.starts_with(['}', ']']) {
                    self.end_line();
                }
            }
            "}" | "]" => {
                self.depth = self.depth.saturating_sub(1);
                if !self.line.ends_with("{</span>") && !self.line.ends_with("[</span>") {
                    self.end_line();
                }
                self.punctuation(token);
            }
            "," => {
                self.punctuation(token);
                self.end_line();
            }
            ":" => self.punctuation(": "),
            _ if follows.starts_with(':') && token.starts_with('"') => {
                self.indent();
                // Writing to a string never fails.
                let _ = write!(
                    self.line,
                    "<span class=\"k\">{}</span>",
                    marked(token, false).into_string()
                );
            }
            _ => {
                self.indent();
                self.line.push_str(&marked(token, false).into_string());
            }
        }
    }

    fn punctuation(&mut self, text: &str) {
        self.indent();
        let _ = write!(self.line, "<span class=\"p\">{text}</span>");
    }

    fn indent(&mut self) {
        if self.line.is_empty() {
            self.line = "  ".repeat(self.depth.min(DEEPEST));
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            let _ = write!(self.out, "<span class=\"l\">{}</span>", self.line);
            self.line.clear();
        }
    }

    fn finish(mut self) -> Markup {
        self.end_line();
        PreEscaped(self.out)
    }
}

fn hex(body: &[u8]) -> Markup {
    let shown = body.get(..HEX).unwrap_or(body);
    let rest = body.len() - shown.len();
    let mut out = String::new();
    for (number, row) in shown.chunks(16).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let letters: String = row
            .iter()
            .map(
                |byte| {
                    if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' }
                },
            )
            .collect();
        let letters = marked(&letters, false).into_string();
        let digits = digits.join(" ");
        let _ =
            writeln!(out, "<span class=\"p\">{:06x}</span>  {digits:<47}  {letters}", number * 16);
    }
    html! { (PreEscaped(out)) (more(rest)) }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    fn lines(json: &str) -> Vec<String> {
        let shown = pretty(json, true).expect("it is JSON").into_string();
        let mut text = String::new();
        let mut is_tag = false;
        for letter in shown.replace("</span><span class=\"l\">", "\n").chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                _ if is_tag => {}
                _ => text.push(letter),
            }
        }
        text.lines().map(|line| line.replace("&quot;", "\"")).collect()
    }

    #[test]
    fn a_document_has_a_line_for_each_value() {
        let json = r#"{"a":[1,{"b":null}],"c":{},"d":[], "e" : "x:y,{"}"#;
        let expected = [
            "{",
            "  \"a\": [",
            "    1,",
            "    {",
            "      \"b\": null",
            "    }",
            "  ],",
            "  \"c\": {},",
            "  \"d\": [],",
            "  \"e\": \"x:y,{\"",
            "}",
        ];
        assert_eq!(lines(json), expected);
    }

    #[test]
    fn numbers_are_as_they_were_sent() {
        let json = r#"[9007199254740993,10420.50,1e400,-0]"#;
        assert_eq!(
            lines(json),
            ["[", "  9007199254740993,", "  10420.50,", "  1e400,", "  -0", "]"]
        );
    }

    #[test]
    fn what_is_not_json_is_not_pretty() {
        assert!(pretty("a=b", true).is_none());
        assert!(pretty("{\"a\":", true).is_none());
    }
}
