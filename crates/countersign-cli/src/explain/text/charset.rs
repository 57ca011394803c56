//! Undoes the decoding of text in one charset and its encoding in another.

/// The characters of Windows-1252 in place of the control characters of Latin-1; 0 for unassigned ones.
const WINDOWS: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
    0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the bodies from which this one may have been made.
pub(crate) fn repaired(body: &[u8]) -> Vec<Vec<u8>> {
    let mut list = Vec::new();
    match body.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => list.push(rest.to_vec()),
        None if !body.is_empty() => list.push([BYTE_ORDER_MARK, body].concat()),
        None => {}
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.is_ascii() => {
            list.extend(from_utf16(body));
        }
        Ok(text) => {
            // UTF-8 that was read with one byte per character and written as UTF-8 again.
            list.extend(one_byte_each(text, false));
            list.extend(one_byte_each(text, true));
        }
        Err(_) => {
            list.push(body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes());
            list.push(body.iter().map(|byte| windows(*byte)).collect::<String>().into_bytes());
            list.extend(from_utf16(body));
        }
    }
    list
}

fn windows(byte: u8) -> char {
    let entry = byte.checked_sub(0x80).and_then(|at| WINDOWS.get(usize::from(at)));
    let letter = entry.filter(|letter| **letter != 0).and_then(|n| char::from_u32(u32::from(*n)));
    letter.unwrap_or(char::from(byte))
}

fn one_byte_each(text: &str, is_windows: bool) -> Option<Vec<u8>> {
    let byte = |letter: char| match u8::try_from(u32::from(letter)) {
        Ok(byte) => Some(byte),
        Err(_) if is_windows => {
            let index = WINDOWS.iter().position(|n| u32::from(*n) == u32::from(letter))?;
            u8::try_from(0x80 + index).ok()
        }
        Err(_) => None,
    };
    text.chars().map(byte).collect()
}

fn from_utf16(body: &[u8]) -> Vec<Vec<u8>> {
    let body = body.strip_prefix(b"\xff\xfe").or(body.strip_prefix(b"\xfe\xff")).unwrap_or(body);
    let (pairs, rest) = body.as_chunks::<2>();
    // In JSON and forms every other byte is zero.
    if !rest.is_empty() || !body.contains(&0) {
        return Vec::new();
    }
    let little: Vec<_> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let big: Vec<_> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    [little, big]
        .iter()
        .filter_map(|units| String::from_utf16(units).ok())
        .map(Into::into)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"name\":\"Zoë – 10 €\"}";

    #[test]
    fn text_read_in_another_charset_is_restored() {
        let bytes = TEXT.as_bytes();
        let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let windows: String = bytes.iter().map(|byte| windows(*byte)).collect();
        for broken in [latin, windows, format!("\u{feff}{TEXT}")] {
            assert!(repaired(broken.as_bytes()).contains(&bytes.to_vec()), "{broken}");
        }
        let utf16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(repaired(&utf16).contains(&bytes.to_vec()));
    }

    #[test]
    fn text_with_one_byte_per_character_is_restored() {
        let text = "{\"name\":\"Zoë\"}";
        let latin: Vec<u8> =
            text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        assert!(repaired(&latin).contains(&text.as_bytes().to_vec()));
    }
}
