//! Breaks of the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::breaks::gzip;
use super::{OneBreak, all_documents, body, genuine, header, is_token, json, one, token};

/// Breaks of the body, which most signatures cover.
pub(crate) const BODIES: &[OneBreak] = &[
    one("a line break after the body", &["trailing_newline"], |name, rng| {
        let case = genuine(name, rng);
        let longer = [&case.request.body, b"\n".as_slice()].concat();
        Some(body(case, longer))
    }),
    one("the line break after the body removed", &["trailing_newline"], |name, rng| {
        let mut recipe = json(name, rng)?;
        let shorter = recipe.body.clone();
        recipe.body.push(b'\n');
        Some(body(recipe.send(), shorter))
    }),
    one("the body re-serialized", &["body_reserialized"], |name, rng| {
        let recipe = json(name, rng)?;
        let signed = recipe.body.clone();
        let text = String::from_utf8(signed.clone()).ok()?;
        let document = all_documents(rng, &text)?;
        let received = document.prints["node, 2 spaces"].clone().into_bytes();
        (received != signed).then(|| body(recipe.send(), received))
    }),
    one("line ends changed", &["line_ends_changed"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\n\"n\":{},\n\"b\":\"x y\"\n}}", rng.below(1000)).into_bytes();
        let windows = String::from_utf8(recipe.body.clone()).ok()?.replace('\n', "\r\n");
        Some(body(recipe.send(), windows.into_bytes()))
    }),
    one("a byte order mark added", &["charset_changed"], |name, rng| {
        let case = genuine(name, rng);
        let marked = [b"\xef\xbb\xbf", case.request.body.as_slice()].concat();
        Some(body(case, marked))
    }),
    one("read as Latin-1", &["charset_changed"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\"n\":{},\"name\":\"Zoë\"}}", rng.below(1000)).into_bytes();
        let twice: String = recipe.body.iter().map(|byte| char::from(*byte)).collect();
        Some(body(recipe.send(), twice.into_bytes()))
    }),
    one("the body in base64", &["body_base64"], |name, rng| {
        let case = genuine(name, rng);
        let encoded = STANDARD.encode(&case.request.body).into_bytes();
        Some(body(case, encoded))
    }),
    one("the body as a JSON string", &["body_quoted"], |name, rng| {
        let case = genuine(name, rng);
        let text = String::from_utf8(case.request.body.clone()).ok()?;
        let quoted = serde_json::to_vec(&text).ok()?;
        Some(body(case, quoted))
    }),
    one("the body as a buffer of Node.js", &["body_wrapped"], |name, rng| {
        let case = genuine(name, rng);
        let json = serde_json::json!({ "type": "Buffer", "data": case.request.body });
        Some(body(case, serde_json::to_vec(&json).unwrap()))
    }),
    one("the body as bytes of Python", &["body_wrapped"], |name, rng| {
        let case = genuine(name, rng);
        let escaped: String = case
            .request
            .body
            .iter()
            .map(|byte| match byte {
                b'\\' | b'\'' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            })
            .collect();
        Some(body(case, format!("b'{escaped}'").into_bytes()))
    }),
    one("the body in a gateway's event", &["body_wrapped"], |name, rng| {
        let case = genuine(name, rng);
        let event = serde_json::json!({
            "httpMethod": "POST",
            "body": String::from_utf8(case.request.body.clone()).unwrap(),
            "isBase64Encoded": false,
        });
        Some(body(case, event.to_string().into_bytes()))
    }),
    one("the body escaped for HTML", &["body_escaped"], |name, rng| {
        let case = genuine(name, rng);
        let text = String::from_utf8(case.request.body.clone()).unwrap();
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        Some(body(case, escaped.into_bytes()))
    }),
    one("only the value of a form's field kept", &["form_and_json"], |name, rng| {
        let mut recipe = json(name, rng)?;
        let kept = recipe.body.clone();
        let escaped: String = kept
            .iter()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() || b"-._".contains(byte) => {
                    char::from(*byte).to_string()
                }
                b' ' => "+".to_owned(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        recipe.body = format!("payload={escaped}").into_bytes();
        Some(body(recipe.send(), kept))
    }),
    one("the body as the field of a form", &["form_and_json"], |name, rng| {
        let recipe = json(name, rng)?;
        let case = recipe.send();
        let escaped: String = case.request.body.iter().map(|byte| format!("%{byte:02X}")).collect();
        Some(body(case, format!("payload={escaped}").into_bytes()))
    }),
    one("the body compressed on the way", &["gzip_not_decoded"], |name, rng| {
        let case = genuine(name, rng);
        let packed = gzip(&case.request.body);
        Some(body(case, packed))
    }),
    one("a token's body compressed on the way, announced", &["body_compressed"], |name, rng| {
        let case = token(name, rng)?;
        let packed = gzip(&case.request.body);
        Some(header(body(case, packed), "content-encoding", "gzip"))
    }),
    one("the body compressed on the way, announced", &["gzip_not_decoded"], |name, rng| {
        let case = genuine(name, rng);
        if is_token(name) {
            return None;
        }
        let packed = gzip(&case.request.body);
        Some(header(body(case, packed), "content-encoding", "gzip"))
    }),
];
