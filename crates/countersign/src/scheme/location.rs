//! Where a request carries its signature, as it is configured.

use std::borrow::Cow;

use super::Encoding;

/// The header that holds a request's signature or token, and how it is written there.
///
/// ```
/// use countersign::scheme::{Encoding, SignatureLocation};
///
/// // x-hub-signature-256: sha256=<hexadecimal>
/// SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
/// // webhook-signature: v1,<base64> v1,<base64>
/// SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1");
/// // stripe-signature: t=1700000000,v1=<hexadecimal>
/// SignatureLocation::header("stripe-signature", Encoding::Hex).pairs("v1");
/// // authorization: Bearer <secret>
/// SignatureLocation::token("authorization").prefix("Bearer ");
/// ```
///
/// How to describe a sender is shown in
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md).
#[derive(Clone, Debug)]
pub struct SignatureLocation {
    pub(super) header: Cow<'static, str>,
    pub(super) second: Option<Cow<'static, str>>,
    pub(super) encoding: Encoding,
    pub(super) grammar: Grammar,
}

impl SignatureLocation {
    /// Creates the location of a signature that is the whole value of the header `name`.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        let grammar = Grammar::Whole { prefix: "".into() };
        Self { header: name.into(), second: None, encoding, grammar }
    }

    /// Creates the location of a static token that is the whole value of the header `name`.
    #[must_use]
    pub fn token(name: impl Into<Cow<'static, str>>) -> Self {
        Self::header(name, Encoding::Hex)
    }

    /// Adds a second header, which holds a signature by another key during a key rotation.
    ///
    /// A matching signature in one of the two headers is enough.
    #[must_use]
    pub fn or_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.second = Some(name.into());
        self
    }

    /// Sets a fixed text before the signature, such as `sha256=` or `Bearer `, which must be present.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Whole { prefix: prefix.into() };
        self
    }

    /// Sets the value's grammar to a list of `version,signature`, separated by spaces.
    ///
    /// Signatures of other versions are ignored.
    #[must_use]
    pub fn versioned(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Versioned { version: version.into() };
        self
    }

    /// Sets the value's grammar to a list of `name=value`, separated by commas.
    ///
    /// The pairs named `name` hold signatures; others are ignored, except that of
    /// [`SchemeBuilder::timestamp_pair`](super::SchemeBuilder::timestamp_pair).
    #[must_use]
    pub fn pairs(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.pairs_with_separator(b',', name)
    }

    /// Sets the value's grammar to a list of `name=value`, separated by the ASCII character
    /// `separator`: one of `,`, `;`, `|`, `&` and the space.
    #[must_use]
    pub fn pairs_with_separator(
        mut self,
        separator: u8,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.grammar = Grammar::Pairs { signature: name.into(), time: None, separator };
        self
    }
}

/// How the value of a header holds one signature or several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Grammar {
    /// The signature is the whole value after a fixed prefix.
    Whole { prefix: Cow<'static, str> },
    /// The value is a list such as `v1,<signature> v1,<signature>`.
    Versioned { version: Cow<'static, str> },
    /// The value is a list such as `t=<time>,v1=<signature>,v1=<signature>`.
    Pairs { signature: Cow<'static, str>, time: Option<Cow<'static, str>>, separator: u8 },
}
