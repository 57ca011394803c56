//! Keys in rotation: which key is tried first changes nothing but the cost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::sync::Arc;

use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest,
};
use countersign::senders::Verifier;
use countersign::testing::TestKeys;
use countersign::{Key, Keyring, RejectionKind, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

const CAP: usize = 64 * 1024;

/// Returns the location of a list of signatures.
fn list() -> SignatureLocation {
    SignatureLocation::header("x-signature", Encoding::Base64).versioned("v1")
}

/// Returns a scheme of each kind that takes keys for signatures.
fn schemes() -> Vec<Scheme> {
    let around = |scheme: SchemeBuilder| {
        scheme.signs([
            Part::Header("x-id".into()),
            Part::Literal(".".into()),
            Part::Body,
            Part::Literal(".end".into()),
        ])
    };
    let schemes = [
        Scheme::hmac_sha256("body", list()),
        around(Scheme::hmac_sha256("around", list())),
        Scheme::hmac_sha256("gzip", list()).gzip(),
        Scheme::hmac_sha1("sha1", list()),
        around(Scheme::hmac_sha512("sha512", list())),
        Scheme::ed25519("ed25519", list()),
        Scheme::ecdsa_p256("p256", list()),
    ];
    schemes.into_iter().map(|scheme| scheme.build().unwrap()).collect()
}

/// Returns a verifier with four keys, of which two are one secret, with different validities in seconds.
fn verifier(scheme: &Scheme) -> Arc<Verifier> {
    let keys = [("old", 0, 0, 15), ("next", 1, 10, 20), ("other", 2, 0, 40), ("renamed", 1, 5, 12)];
    let keys = keys.map(|(name, number, start, end)| {
        Key::new(name, TestKeys::new(scheme, number).unwrap().receiver())
            .not_before(Timestamp::from_secs(start))
            .not_after(Timestamp::from_secs(end))
    });
    Verifier::new(scheme.clone(), Keyring::new(keys).unwrap()).unwrap()
}

/// One request: who signed what, and how it arrives.
#[derive(Clone, Debug)]
struct Step {
    /// The numbers of the keys that signed; 3 is the number of a key that the verifier does not have.
    signers: Vec<u64>,
    now: u64,
    body: Vec<u8>,
    is_forged: bool,
    in_pieces: bool,
}

impl Step {
    fn new(signers: &[u64], now: u64) -> Self {
        let body = b"{\"a\":1}".to_vec();
        Self { signers: signers.to_vec(), now, body, is_forged: false, in_pieces: true }
    }

    fn any() -> impl Strategy<Value = Self> {
        let signers = vec(0_u64..4, 1..4);
        let body = vec(any::<u8>(), 0..300);
        let fields = (signers, 0_u64..25, body, prop::bool::weighted(0.2), any::<bool>());
        fields.prop_map(|(signers, now, body, is_forged, in_pieces)| Self {
            signers,
            now,
            body,
            is_forged,
            in_pieces,
        })
    }

    /// Returns the name of the key that `verifier` reports, or the reason why it rejects the request.
    fn run(&self, verifier: &Arc<Verifier>) -> Result<String, RejectionKind> {
        let scheme = verifier.scheme();
        let id = [("x-id", "7")];
        let signature = |signer: &u64| {
            let secret = TestKeys::new(scheme, *signer).unwrap().sender();
            let request = SigningRequest::new(&self.body).headers(&id);
            request.sign(scheme, &secret).unwrap().pop().unwrap().1
        };
        let signatures: Vec<_> = self.signers.iter().map(signature).collect();
        let mut headers = vec![("x-id", "7".to_owned()), ("x-signature", signatures.join(" "))];
        let mut body = self.body.clone();
        if self.is_forged {
            body.push(b' ');
        }
        if scheme.sender() == "gzip" {
            headers.push(("content-encoding", "gzip".to_owned()));
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body).unwrap();
            body = encoder.finish().unwrap();
        }
        let now = Timestamp::from_secs(self.now);
        let result = if self.in_pieces {
            verifier.open(&headers, now, CAP).and_then(|mut streaming| {
                body.chunks(50).try_for_each(|piece| streaming.update(piece.to_vec()))?;
                streaming.finalize()
            })
        } else {
            verifier.verify(&headers, body, now, CAP)
        };
        let named = result.map(|delivery| delivery.key_name().to_owned());
        named.map_err(|rejection| rejection.kind())
    }
}

/// Runs `steps` with every scheme, each request with a verifier that has seen all requests before it.
#[track_caller]
fn reports(steps: &[(Step, Result<&str, RejectionKind>)]) {
    for scheme in schemes() {
        let verifier = verifier(&scheme);
        for (at, (step, expected)) in steps.iter().enumerate() {
            let expected = expected.map(str::to_owned);
            assert_eq!(step.run(&verifier), expected, "{}: request {at}", scheme.sender());
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn earlier_requests_do_not_change_a_result(
        scheme in select(schemes()),
        steps in vec(Step::any(), 1..20),
    ) {
        let used = verifier(&scheme);
        for step in steps {
            prop_assert_eq!(step.run(&used), step.run(&verifier(&scheme)), "{:?}", step);
        }
    }
}

#[test]
fn keys_in_turns_are_each_named() {
    let [old, other] =
        [(0, "old"), (2, "other")].map(|(key, name)| (Step::new(&[key], 8), Ok(name)));
    let turns = [old, other].into_iter().cycle().take(8);
    reports(&turns.collect::<Vec<_>>());
}

#[test]
fn another_key_verifies_once_the_remembered_one_has_expired() {
    reports(&[
        (Step::new(&[0], 15), Ok("old")),
        (Step::new(&[0], 15), Ok("old")),
        (Step::new(&[2], 16), Ok("other")),
        (Step::new(&[1], 16), Ok("next")),
        (Step::new(&[0], 16), Err(RejectionKind::SignatureMismatch)),
        (Step::new(&[2], 41), Err(RejectionKind::UnknownKey)),
    ]);
}

#[test]
fn of_several_keys_that_signed_the_last_is_named_whichever_is_remembered() {
    let both = |signers: [u64; 2]| (Step::new(&signers, 8), Ok("other"));
    let old = || (Step::new(&[0], 8), Ok("old"));
    reports(&[both([0, 2]), old(), old(), both([0, 2]), both([2, 0]), both([0, 2])]);
}

#[test]
fn of_several_names_of_one_secret_the_last_valid_one_is_named() {
    reports(&[
        (Step::new(&[1], 11), Ok("renamed")),
        (Step::new(&[1], 14), Ok("next")),
        (Step::new(&[1], 14), Ok("next")),
        (Step::new(&[1], 11), Ok("renamed")),
    ]);
}

#[test]
fn a_forged_request_is_rejected_whichever_key_is_remembered() {
    let forged = |signers: &[u64]| {
        let step = Step { is_forged: true, ..Step::new(signers, 11) };
        (step, Err(RejectionKind::SignatureMismatch))
    };
    let other = || (Step::new(&[2], 11), Ok("other"));
    let foreign = || (Step::new(&[3], 11), Err(RejectionKind::SignatureMismatch));
    reports(&[
        forged(&[0]),
        other(),
        other(),
        forged(&[2]),
        foreign(),
        forged(&[0, 1, 2]),
        other(),
    ]);
}

#[test]
fn senders_of_alternate_header_names_share_what_is_remembered() {
    // The names of the keys do not depend on the header family.
    let keys = |numbers: [u64; 2]| {
        let scheme = countersign::senders::SVIX.config().scheme().unwrap();
        let keys = numbers.map(|number| {
            Key::new(number.to_string(), TestKeys::new(&scheme, number).unwrap().receiver())
        });
        (scheme, Keyring::new(keys).unwrap())
    };
    let (scheme, ring) = keys([0, 1]);
    let sender = countersign::senders::SVIX.keys(ring).unwrap();
    let now = Timestamp::from_secs(1_700_000_000);
    for (number, family) in [(1, "svix"), (1, "webhook"), (0, "webhook"), (1, "svix"), (0, "svix")]
    {
        let secret = TestKeys::new(&scheme, number).unwrap().sender();
        let signed = SigningRequest::new(b"{}").id("msg_1").timestamp(now).sign(&scheme, &secret);
        let headers: Vec<_> = signed
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name.replace("svix", family).replace("webhook", family), value))
            .collect();
        let verifier = countersign::senders::Sender::verifier(&sender);
        let delivery = verifier.verify(&headers, &b"{}"[..], now, CAP).unwrap();
        assert_eq!(delivery.key_name(), number.to_string());
    }
}
