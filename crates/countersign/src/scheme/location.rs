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
    pub(super) allows_white_space: bool,
}

impl SignatureLocation {
    /// Creates the location of a signature that is the whole value of the header `name`.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        let grammar = Grammar::Whole { prefix: "".into() };
        Self { header: name.into(), second: None, encoding, grammar, allows_white_space: false }
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
        self.grammar = Grammar::Pairs {
            signature: name.into(),
            time: None,
            separator,
            allows_white_space: false,
        };
        self
    }

    /// Allows spaces and tabs around the separators of [`pairs`](Self::pairs) and around each `=`, for
    /// a sender that writes `t=1700000000, v1=…`.
    ///
    /// The white space belongs to no value: the signature covers the time without it. Without this
    /// setting, such a header is rejected. White space within a name or value is always rejected.
    ///
    /// The setting opens no attack: the header's grammar is not signed, and the values that are
    /// compared or signed are the same bytes with the white space and without it. It is off by default
    /// since a header that another program reads differently is a sign of a changed request.
    ///
    /// ```
    /// use countersign::scheme::{Encoding, SignatureLocation};
    ///
    /// // workos-signature: t=1770000000000, v1=<hexadecimal>
    /// SignatureLocation::header("workos-signature", Encoding::Hex).pairs("v1").allow_white_space();
    /// ```
    #[must_use]
    pub const fn allow_white_space(mut self) -> Self {
        self.allows_white_space = true;
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
    ///
    /// With `allows_white_space`, names and values may have spaces and tabs around them.
    Pairs {
        signature: Cow<'static, str>,
        time: Option<Cow<'static, str>>,
        separator: u8,
        allows_white_space: bool,
    },
}
