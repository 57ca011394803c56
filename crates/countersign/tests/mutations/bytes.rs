//! Building blocks of the forged requests: MACs, hexadecimal, forms and Adyen's fields, written simply.

use std::collections::BTreeSet;

use hmac::{KeyInit, Mac};
use serde_json::Value;

pub(crate) fn hmac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A form's fields, sorted and each once.
pub(crate) fn form(body: &[u8]) -> Vec<u8> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [byte, after @ ..] = rest {
            rest = after;
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let (digits, after) = rest.split_at(2);
                    rest = after;
                    u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
                }
                byte => *byte,
            });
        }
        bytes
    };
    // Bytes that are not UTF-8 are kept.
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    let sorted: BTreeSet<_> = pairs.collect();
    sorted.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect()
}

const ITEM: &str = "/notificationItems/0/NotificationRequestItem";

/// The fields that Adyen signs, joined; empty if the body is not JSON.
pub(crate) fn fields(body: &[u8]) -> Vec<u8> {
    if serde_json::from_slice::<Value>(body).is_err() {
        return Vec::new();
    }
    fields_of(body).join(":").into_bytes()
}

/// The fields that Adyen signs.
pub(crate) fn fields_of(body: &[u8]) -> [String; 8] {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = |at: &str| match body.pointer(&format!("{ITEM}/{at}")) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let names = [
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "amount/value",
        "amount/currency",
        "eventCode",
        "success",
    ];
    names.map(text)
}

/// Puts Adyen's signature into its body, if that is one.
pub(crate) fn sign_in_body(body: &mut Vec<u8>, signature: &str) {
    let empty = &br#""additionalData":{}"#[..];
    let Some(at) = body.windows(empty.len()).position(|piece| piece == empty) else { return };
    let field = format!(r#""hmacSignature":{}"#, Value::from(signature));
    let inside = at + empty.len() - 1;
    body.splice(inside..inside, field.into_bytes());
}
