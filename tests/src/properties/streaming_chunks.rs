use std::sync::{Arc, LazyLock};

use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use countersign::senders::Verifier;
use countersign::{Key, Keyring, RejectionKind, Secret, Timestamp};

use super::{infallible, naive};

const SECRET: &[u8] = b"a secret of the right length";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

static VERIFIERS: LazyLock<[Arc<Verifier>; 3]> = LazyLock::new(|| {
    let signature = || SignatureLocation::header("x-signature", Encoding::Hex);
    let body_last = Scheme::hmac_sha256("body-last", signature());
    let body_first = Scheme::hmac_sha256("body-first", signature())
        .timestamp_header("x-time", TimestampFormat::Seconds)
        .signs([Part::Body, Part::Literal(".".into()), Part::Timestamp]);
    let token = Scheme::static_token("token", SignatureLocation::token("x-signature"));
    [body_last, body_first, token].map(|scheme| {
        let key = |name: &str, secret: &[u8]| Key::new(name, infallible(Secret::new(secret)));
        let ring = infallible(Keyring::new([key("other", b"another secret"), key("own", SECRET)]));
        infallible(Verifier::new(infallible(scheme.build()), ring))
    })
});

/// A successful result: the matching key and the body.
type Verdict = Result<(String, Vec<u8>), RejectionKind>;

/// Checks a line of control bytes (sender, body limit, fault, length, sizes of chunks), and a body.
///
/// The result does not depend on the chunks. The body is accepted exactly if it is correctly signed and
/// within the limit, and is returned unchanged.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn streaming_chunks(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(control), Some(body)) = (lines.next(), lines.next()) else { return };
    let control_at = |index: usize| control.get(index).map_or(0, |byte| byte.wrapping_sub(b'0'));
    let pick = usize::from(control_at(0)) % VERIFIERS.len();
    let Some(verifier) = VERIFIERS.get(pick) else { return };
    let near = |by: u8| body.len().saturating_add_signed(isize::from(by.cast_signed()));
    let cap = near(control_at(1));
    let faulty = control_at(2) % 2 == 1;
    let mut headers =
        vec![("x-time", "1700000000".to_owned()), ("x-signature", credential(pick, body, faulty))];
    let announced = control.get(3).map(|byte| near(byte.wrapping_sub(b'0')));
    headers.extend(announced.map(|length| ("content-length", length.to_string())));

    let whole = take(verifier, &headers, cap, [body]);
    let sizes = control.get(4..).unwrap_or_default();
    let cut = take(verifier, &headers, cap, chunks(body, sizes));
    assert_eq!(whole, cut, "the verdict depends on how the body is cut");
    let at_once = verifier
        .verify(&headers, body.to_vec(), NOW, cap)
        .map(|delivery| (delivery.key_name().to_owned(), delivery.body().to_vec()))
        .map_err(|rejection| rejection.kind());
    assert_eq!(whole, at_once, "the verdict depends on whether the body is at hand");

    let is_token = pick == 2;
    let expected = if announced.is_some_and(|length| length > cap) {
        Err(RejectionKind::BodyTooLarge)
    } else if is_token && faulty {
        Err(RejectionKind::SignatureMismatch)
    } else if body.len() > cap {
        Err(RejectionKind::BodyTooLarge)
    } else if (faulty || is_token) && announced.is_some_and(|length| length != body.len()) {
        Err(RejectionKind::BodyAltered)
    } else if !faulty {
        Ok(("own".to_owned(), body.to_vec()))
    } else {
        Err(RejectionKind::SignatureMismatch)
    };
    assert_eq!(whole, expected);
}

/// The correct credential for the body, or one with a changed letter.
fn credential(pick: usize, body: &[u8], faulty: bool) -> String {
    let mut text = match pick {
        0 => naive::hex(&naive::tag(SECRET, &[body])),
        1 => naive::hex(&naive::tag(SECRET, &[body, b".1700000000"])),
        _ => String::from_utf8_lossy(SECRET).into_owned(),
    };
    if faulty {
        let last = text.pop();
        text.push(if last == Some('0') { '1' } else { '0' });
    }
    text
}

/// The body in chunks of these sizes, repeated and including empty ones; one chunk if all sizes are 0.
fn chunks<'b>(mut body: &'b [u8], sizes: &[u8]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    if sizes.iter().any(|size| *size != b'0') {
        for size in sizes.iter().cycle() {
            let size = usize::from(size.wrapping_sub(b'0'));
            let Some((piece, rest)) = body.split_at_checked(size) else { break };
            pieces.push(piece);
            body = rest;
            if body.is_empty() {
                break;
            }
        }
    }
    pieces.push(body);
    pieces
}

fn take<'b>(
    verifier: &Arc<Verifier>,
    headers: &[(&str, String)],
    cap: usize,
    chunks: impl IntoIterator<Item = &'b [u8]>,
) -> Verdict {
    let run = || {
        let mut verifier = verifier.open(headers, NOW, cap)?;
        for chunk in chunks {
            verifier.update(chunk.to_vec())?;
        }
        verifier.finalize()
    };
    match run() {
        Ok(delivery) => Ok((delivery.key_name().to_owned(), delivery.body().to_vec())),
        Err(rejection) => Err(rejection.kind()),
    }
}
