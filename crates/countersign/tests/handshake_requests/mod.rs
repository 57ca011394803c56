//! Requests of handshakes, and what their responses must be.

use countersign::scheme::Scheme;
use countersign::senders::{Custom, Handshake, HandshakeResponse};
use countersign::{Headers, Receiver, Rejection, RejectionKind, Secret, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
pub(crate) const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// A request's headers and query.
#[derive(Clone, Default)]
pub(crate) struct Head {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: String,
}

impl Head {
    pub(crate) fn query(query: &str) -> Self {
        Self { query: query.to_owned(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Headers for Head {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(&self.query)
    }
}

pub(crate) type Answer = Result<Option<HandshakeResponse>, Rejection>;

#[track_caller]
pub(crate) fn answers(
    answer: Answer,
    content_type: Option<&str>,
    body: &str,
    headers: &[(&str, &str)],
) {
    let response = answer.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_type(), content_type);
    assert_eq!(response.body(), body);
    let sent: Vec<_> = response.headers().iter().map(|(name, value)| (*name, &**value)).collect();
    assert_eq!(sent, headers);
}

#[track_caller]
pub(crate) fn rejects(answer: Answer, kind: RejectionKind, setting: &str) -> Rejection {
    let rejection = answer.unwrap_err();
    assert_eq!(rejection.kind(), kind);
    assert!(rejection.to_string().contains(setting), "{rejection}");
    rejection
}

/// A sender that signs nothing, with this handshake.
pub(crate) fn open(handshake: Handshake) -> Receiver {
    let scheme = Scheme::danger_unauthenticated("acme").build().unwrap();
    Receiver::new(Custom::danger_unauthenticated(scheme).unwrap().with_handshake(handshake))
}
