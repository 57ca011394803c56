//! What may have happened to the body on the way.

use std::io::Read as _;

use bytes::Bytes;

use super::credential::base64_decoded;
use super::finding::Finding;
use super::head::GZIP;
use super::{charset, form_body, json};

/// The most that a compressed body is let grow to, in bytes.
const MOST_UNPACKED: u64 = 8 * 1024 * 1024;

/// Beyond this, a body is not printed anew: each print would be as long.
const MOST_REPRINTED: usize = 2 * 1024 * 1024;

/// What takes a repaired body, and says whether that was enough.
pub(super) type Visit<'v> = dyn FnMut(Finding, Bytes) -> bool + 'v;

/// The repairs that cost nothing: they go before all others.
pub(super) fn common(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    ends(body, visit)
}

/// Calls `visit` with each repair of `body`, what happens often first, until it is enough. One may be
/// what another was.
pub(super) fn all(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    ends(body, visit)
        || unpacked(body, visit)
        || charsets(body, visit)
        || lines(body, visit)
        || wrapped(body, visit)
        || forms(body, visit)
        || reprinted(body, visit)
}

/// What stands at the ends.
fn ends(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let added = || {
        Finding::proved(
            "trailing_newline",
            "White space was added at the end of the body after it was signed, probably a line end.",
            "Hand on the raw bytes: look for an editor, `echo` or a template that ends the body with a line end (`curl -d @file` and `--data` drop them, `--data-binary` keeps the file as it is).",
        )
    };
    let lost = || {
        Finding::proved(
            "trailing_newline",
            "The line end at the end of the body was trimmed after it was signed.",
            "Hand on the raw bytes: look for a `trim`, or a tool that drops line ends (`curl -d @file` does, `--data-binary` does not).",
        )
    };
    let cut = [b"\r\n".as_slice(), b"\n"].into_iter().filter_map(|end| body.strip_suffix(end));
    let trimmed = [body.trim_ascii_end(), body.trim_ascii()];
    for shorter in cut.chain(trimmed) {
        if shorter.len() < body.len() && visit(added(), body.slice_ref(shorter)) {
            return true;
        }
    }
    [b"\n".as_slice(), b"\r\n", b"\n\n", b" "]
        .into_iter()
        .any(|end| visit(lost(), [body, end].concat().into()))
}

fn unpacked(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    if !body.starts_with(GZIP) {
        return false;
    }
    let mut plain = Vec::new();
    let reader = flate2::read::MultiGzDecoder::new(&**body);
    if reader.take(MOST_UNPACKED).read_to_end(&mut plain).is_err() {
        return false;
    }
    let finding = Finding::proved(
        "gzip_not_decoded",
        "The body is compressed with gzip, and the signature covers what it holds.",
        "Have the proxy that compresses it leave the body alone, or decompress it before countersign, and drop `content-encoding`.",
    );
    visit(finding, plain.into())
}

fn charsets(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    charset::repaired(body).into_iter().any(|repaired| {
        let finding = Finding::proved(
            "charset_changed",
            "The body's text was decoded in one charset and encoded in another, or a byte order mark was added or dropped.",
            "Hand on the body as bytes, never as text; look for a layer that reads it as Latin-1 or Windows-1252.",
        );
        visit(finding, repaired.into())
    })
}

fn lines(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let finding = || {
        Finding::proved(
            "line_ends_changed",
            "Line ends in the body were changed between LF and CR LF.",
            "Hand on the raw bytes: look for text mode, a form or git's `autocrlf` on the way from the capture.",
        )
    };
    let mut unix = Vec::with_capacity(body.len());
    for (at, byte) in body.iter().enumerate() {
        if *byte != b'\r' || body.get(at + 1) != Some(&b'\n') {
            unix.push(*byte);
        }
    }
    let windows = unix.iter().flat_map(|byte| {
        let line: &[u8] = if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) };
        line.iter().copied()
    });
    let windows: Vec<u8> = windows.collect();
    visit(finding(), unix.into()) || visit(finding(), windows.into())
}

/// The body as a text in another document.
fn wrapped(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let coded = body.trim_ascii();
    if let Some(inner) = base64_decoded(coded).filter(|inner| !inner.is_empty()) {
        let finding = Finding::proved(
            "body_base64",
            "The body is the sender's in base64, as API gateways hand on binary bodies.",
            "Decode it first: with AWS, heed `isBase64Encoded`.",
        );
        if visit(finding, inner.into()) {
            return true;
        }
    }
    match serde_json::from_slice::<String>(coded) {
        Ok(inner) => {
            let finding = Finding::proved(
                "body_quoted",
                "The body is the sender's as one JSON text: it was serialised twice.",
                "Hand on the raw bytes, not the result of serialising the body that was read as text.",
            );
            visit(finding, inner.into())
        }
        Err(_) => false,
    }
}

fn forms(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let converted = || {
        Finding::proved(
            "form_and_json",
            "The body is a form where JSON was signed, or JSON where a form was.",
            "Hand on the raw bytes: put countersign's layer outside of the body parser, and check the sender's setting for the content type.",
        )
    };
    let rewritten = || {
        Finding::proved(
            "form_reencoded",
            "The form's fields were decoded and encoded anew, with other escapes or in another order.",
            "Hand on the raw bytes: put countersign's layer outside of the form parser.",
        )
    };
    form_body::rewritten(body).into_iter().any(|body| visit(rewritten(), body.into()))
        || form_body::converted(body).into_iter().any(|body| visit(converted(), body.into()))
}

fn reprinted(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    if body.len() > MOST_REPRINTED {
        return false;
    }
    json::reprinted(body, &mut |print| {
        let how = match (is_in_lines(&print), is_in_lines(body)) {
            (false, true) => "the sender signed JSON in one line, and this body is pretty-printed",
            (true, false) => "the sender signed pretty-printed JSON, and this body is in one line",
            _ => {
                "the sender signed the same JSON with other white space or escapes, or this body with its keys sorted"
            }
        };
        let finding = Finding::proved(
            "body_reserialised",
            format!("The body was parsed and serialised anew: {how}."),
            "Hand countersign the raw bytes: put its layer outside of anything that parses JSON.",
        );
        visit(finding, print.into())
    })
}

fn is_in_lines(body: &[u8]) -> bool {
    body.trim_ascii().contains(&b'\n')
}
