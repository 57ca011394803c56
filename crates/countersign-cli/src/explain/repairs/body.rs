//! Repairs of the body.

use std::io::Read as _;

use bytes::Bytes;

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::GZIP_MAGIC;
use crate::explain::repairs::visit::Visit;
use crate::explain::repairs::wrapped;
use crate::explain::text::credential::base64_decoded;
use crate::explain::text::{charset, form, json};

/// The largest decompressed body, in bytes.
const MAX_UNPACKED: u64 = 8 * 1024 * 1024;

/// The largest body that is re-serialized, in bytes: each of many variants is as long.
const MAX_REPRINTED: usize = 2 * 1024 * 1024;

/// Visits the repairs that cost nothing, which are tried before all others.
pub(crate) fn common(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    ends(body, visit)
}

/// Visits each repair of `body`, frequent mistakes first, until `visit` stops. Two repairs may be equal.
pub(crate) fn all(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    ends(body, visit)
        || unpacked(body, visit)
        || charsets(body, visit)
        || lines(body, visit)
        || wrapped(body, visit)
        || wrapped::all(body, visit)
        || forms(body, visit)
        || reprinted(body, visit)
}

/// Adds or removes white space at the ends.
fn ends(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let added = || {
        Finding::proved(
            FindingKind::TrailingNewline,
            "White space, probably a line break, was added at the end of the body after it was signed.",
            "Pass on the raw bytes: look for an editor, `echo` or a template that appends a line break. (`curl -d @file` removes line breaks; `--data-binary` sends the file unchanged.)",
        )
    };
    let lost = || {
        Finding::proved(
            FindingKind::TrailingNewline,
            "The line break at the end of the body was removed after it was signed.",
            "Pass on the raw bytes: look for a `trim`, or a tool that removes line breaks (`curl -d @file` does, `--data-binary` does not).",
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
    if !body.starts_with(GZIP_MAGIC) {
        return false;
    }
    let mut plain = Vec::new();
    let reader = flate2::read::MultiGzDecoder::new(&**body);
    if reader.take(MAX_UNPACKED).read_to_end(&mut plain).is_err() {
        return false;
    }
    let finding = Finding::proved(
        FindingKind::GzipNotDecoded,
        "The body is compressed with gzip, and the signature covers the uncompressed body.",
        "Configure the proxy that compresses the body not to. If the sender compresses it after signing, accept that with `gzip()` in its scheme, or `gzip = true` in its file.",
    );
    visit(finding, plain.into())
}

fn charsets(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    charset::repaired(body).into_iter().any(|repaired| {
        let mark = charset::BYTE_ORDER_MARK;
        let what = if body.strip_prefix(mark) == Some(&repaired) {
            "A byte order mark was added at the beginning of the body after it was signed."
        } else if repaired.strip_prefix(mark) == Some(body) {
            "The byte order mark at the beginning of the body was removed after it was signed."
        } else {
            "The body's text was decoded in one charset and encoded in another."
        };
        let finding = Finding::proved(
            FindingKind::CharsetChanged,
            what,
            "Pass on the body as bytes, not as text; look for an editor or a text reader that adds or removes a byte order mark, or a layer that reads the body as Latin-1 or Windows-1252.",
        );
        visit(finding, repaired.into())
    })
}

fn lines(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let finding = || {
        Finding::proved(
            FindingKind::LineEndsChanged,
            "The line breaks in the body were changed between LF and CRLF.",
            "Pass on the raw bytes: look for text mode, a form or git's `autocrlf` between the capture and this file.",
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

/// Takes the body out of another document: base64 or a JSON string.
fn wrapped(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let encoded = body.trim_ascii();
    if let Some(inner) = base64_decoded(encoded).filter(|inner| !inner.is_empty()) {
        let finding = Finding::proved(
            FindingKind::BodyBase64,
            "The body is encoded in base64, as API gateways pass on binary bodies.",
            "Decode the body first; on AWS, check `isBase64Encoded`.",
        );
        if visit(finding, inner.into()) {
            return true;
        }
    }
    match serde_json::from_slice::<String>(encoded) {
        Ok(inner) => {
            let finding = Finding::proved(
                FindingKind::BodyQuoted,
                "The body is one JSON string that contains the sender's body: it was serialized twice.",
                "Pass on the raw bytes, not the JSON serialization of the body's text.",
            );
            visit(finding, inner.into())
        }
        Err(_) => false,
    }
}

fn forms(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let converted = || {
        Finding::proved(
            FindingKind::FormAndJson,
            "The body is a form but JSON was signed, or the other way around.",
            "Pass on the raw bytes: put countersign's layer outside of the body parser, and check the content type in the sender's settings.",
        )
    };
    let rewritten = || {
        Finding::proved(
            FindingKind::FormReencoded,
            "The form's fields were decoded and re-encoded, with other escapes or in another order.",
            "Pass on the raw bytes: put countersign's layer outside of the form parser.",
        )
    };
    form::rewritten(body).into_iter().any(|body| visit(rewritten(), body.into()))
        || form::converted(body).into_iter().any(|body| visit(converted(), body.into()))
}

fn reprinted(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    if body.len() > MAX_REPRINTED {
        return false;
    }
    json::reprinted(body, &mut |print| {
        let how = match (has_line_breaks(&print), has_line_breaks(body)) {
            (false, true) => "the sender signed JSON in one line, and this body is pretty-printed",
            (true, false) => "the sender signed pretty-printed JSON, and this body is in one line",
            _ => "the sender signed the same JSON with other white space, escapes or order of keys",
        };
        let finding = Finding::proved(
            FindingKind::BodyReserialized,
            format!("The body was parsed and re-serialized: {how}."),
            "Pass the raw bytes to countersign: put its layer outside of every layer that parses JSON.",
        );
        visit(finding, print.into())
    })
}

fn has_line_breaks(body: &[u8]) -> bool {
    body.trim_ascii().contains(&b'\n')
}
