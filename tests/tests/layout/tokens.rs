//! Splits Rust source into the tokens that paths are made of.

/// An identifier, a `::`, or one other character, with its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Token<'s> {
    pub(crate) text: &'s str,
    pub(crate) line: usize,
}

/// The tokens of `source`, without comments, literals and items under `#[cfg(test)]`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = literal_or_comment(rest);
        let text = match length {
            Some(length) => &rest[..length],
            None if is_word(first) => &rest[..word(rest)],
            None if rest.starts_with("::") => "::",
            None => &rest[..first.len_utf8()],
        };
        if length.is_none() && !first.is_whitespace() {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = &rest[text.len()..];
    }
    without_tests(&tokens)
}

const fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn word(text: &str) -> usize {
    text.find(|letter| !is_word(letter)).unwrap_or(text.len())
}

/// The length of the comment or literal that `text` begins with.
fn literal_or_comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r'));
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(inner) = raw[hashes..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
            return Some(text.len() - inner.len() + length);
        }
    }
    let quoted = text.strip_prefix('b').unwrap_or(text);
    let opened = text.len() - quoted.len() + 1;
    if let Some(inner) = quoted.strip_prefix('"') {
        return Some(opened + closing(inner, '"'));
    }
    let inner = quoted.strip_prefix('\'')?;
    // A lifetime has no closing quote after its first letter.
    let is_character = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
    Some(opened + if is_character { closing(inner, '\'') } else { word(inner) })
}

/// The length of what stands before and including the first `quote` that is not escaped.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_tests<'s>(tokens: &[Token<'s>]) -> Vec<Token<'s>> {
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        let attribute: Vec<_> = rest.iter().take(7).map(|token| token.text).collect();
        if attribute == ["#", "[", "cfg", "(", "test", ")", "]"] {
            rest = &rest[item(rest)..];
            continue;
        }
        kept.push(*first);
        rest = after;
    }
    kept
}

/// The number of tokens of the item that `tokens` begins with.
fn item(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text, "}" | ";") {
            return at + 1;
        }
    }
    tokens.len()
}

#[test]
fn comments_literals_and_tests_hold_no_tokens() {
    let source = r##"
        // use crate::a;
        /* use crate::b; */
        const TEXT: &'static str = "use crate::c; \" use crate::d;";
        const RAW: &[u8] = br#"use crate::e; ""#;
        const QUOTES: [char; 2] = ['"', '\''];
        #[cfg(test)]
        mod tests {
            use crate::f;
        }
        use crate::g;
    "##;
    let tokens = tokens(source);
    let last: Vec<_> = tokens.iter().rev().take(5).map(|token| token.text).collect();
    assert_eq!(last, [";", "g", "::", "crate", "use"]);
    assert_eq!(tokens.iter().filter(|token| token.text == "crate").count(), 1);
    assert_eq!(tokens.last().map(|token| token.line), Some(11));
}
