//! The structure of a scheme, in the terms of the repairs.

use std::rc::Rc;

use countersign::scheme::{
    Encoding, KeyFormat, Location, PartRef, Scheme, SignatureGrammar, TimestampFormat,
    TimestampLocation,
};

/// The structure of a scheme, read from its accessors once for all repairs.
#[derive(Debug)]
pub(crate) struct SchemeShape {
    /// How the configured secret becomes the key.
    pub(crate) key: KeyFormat,
    /// The header of the credential; `None` if the credential is not in a header.
    pub(crate) credential: Option<CredentialHeader>,
    /// The header of the signed time, and its format.
    pub(crate) timestamp: Option<(String, TimestampFormat)>,
    /// The header of the event's id.
    pub(crate) id: Option<String>,
    /// Every header that a request must have.
    pub(crate) expected: Vec<String>,
    /// Headers that must have a fixed value.
    pub(crate) fixed: Vec<(String, String)>,
    /// The signed content: literal text, with header names in braces; `None` if no text is signed.
    pub(crate) content: Option<String>,
}

/// The header of the credential, and the text around the credential.
#[derive(Debug)]
pub(crate) struct CredentialHeader {
    pub(crate) header: String,
    /// The text before the signed time, if the header also holds the time.
    pub(crate) time_prefix: Option<String>,
    /// The text before the credential, or between the time and the credential.
    pub(crate) prefix: String,
    /// The separator of pairs, if the header is a list of pairs.
    pub(crate) pair_separator: Option<char>,
    /// Whether white space may surround the pairs.
    pub(crate) allows_white_space: bool,
    pub(crate) encoding: Encoding,
}

impl SchemeShape {
    pub(crate) fn of(scheme: &Scheme) -> Rc<Self> {
        let header_of = |location| match location {
            Some(Location::Header(name)) => Some(name.to_owned()),
            _ => None,
        };
        let timestamp = scheme.timestamp().and_then(|timestamp| match timestamp.location {
            TimestampLocation::Header(name) => Some((name.to_owned(), timestamp.format)),
            _ => None,
        });
        let credential = CredentialHeader::of(scheme);
        let fixed: Vec<_> = scheme
            .required_headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        // An id that is not signed is optional.
        let signed = scheme.signed_parts().filter_map(|part| match part {
            PartRef::Header(name) | PartRef::Id(name) => Some(name),
            _ => None,
        });
        let all = signed
            .chain(timestamp.as_ref().map(|(name, _)| name.as_str()))
            .chain(fixed.iter().map(|(name, _)| name.as_str()))
            .chain(credential.as_ref().map(|credential| credential.header.as_str()));
        let mut expected: Vec<String> = Vec::new();
        for name in all {
            if !expected.iter().any(|known| known == name) {
                expected.push(name.to_owned());
            }
        }
        Rc::new(Self {
            key: scheme.key_format(),
            credential,
            timestamp,
            id: header_of(scheme.id()),
            expected,
            fixed,
            content: content(scheme),
        })
    }
}

impl CredentialHeader {
    fn of(scheme: &Scheme) -> Option<Self> {
        let credential = scheme.credential()?;
        let Location::Header(header) = credential.location else { return None };
        let (time_prefix, prefix) = match credential.grammar {
            SignatureGrammar::Whole { prefix } => (None, prefix.to_owned()),
            SignatureGrammar::Versioned { version } => (None, format!("{version},")),
            SignatureGrammar::Pairs { name, timestamp: None, .. } => (None, format!("{name}=")),
            SignatureGrammar::Pairs { name, timestamp: Some(time), separator } => {
                (Some(format!("{time}=")), format!("{separator}{name}="))
            }
            _ => return None,
        };
        let pair_separator = match credential.grammar {
            SignatureGrammar::Pairs { separator, .. } => Some(separator),
            _ => None,
        };
        let (header, encoding) = (header.to_owned(), credential.encoding);
        let allows_white_space = credential.allows_white_space;
        Some(Self { header, time_prefix, prefix, pair_separator, allows_white_space, encoding })
    }

    /// Returns the time beside the credential in `value`.
    pub(crate) fn time<'v>(&self, value: &'v str) -> Option<&'v str> {
        let before = self.time_prefix.as_ref()?;
        let rest = match value.split_once(before.as_str()) {
            Some((_, rest)) if rest.starts_with(|first: char| first.is_ascii_digit()) => rest,
            _ => value.get(value.find(|letter: char| letter.is_ascii_digit())?..)?,
        };
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end).filter(|digits| !digits.is_empty())
    }

    /// Writes a value as the sender does.
    pub(crate) fn value(&self, time: Option<&str>, credential: &str) -> Option<String> {
        Some(match &self.time_prefix {
            None => format!("{}{credential}", self.prefix),
            Some(before) => format!("{before}{}{}{credential}", time?, self.prefix),
        })
    }
}

/// Writes the signed content as text; `None` if a token or fields of the body are signed.
fn content(scheme: &Scheme) -> Option<String> {
    let mut text = String::new();
    for part in scheme.signed_parts() {
        match part {
            PartRef::Literal(literal) => text.push_str(literal),
            PartRef::Header(name) | PartRef::Id(name) => text.push_str(&format!("{{{name}}}")),
            PartRef::Body => text.push_str("{body}"),
            PartRef::Url(_) => text.push_str("{url}"),
            PartRef::UrlAndForm(_) => text.push_str("{url}{sorted form}"),
            PartRef::Timestamp => match scheme.timestamp()?.location {
                TimestampLocation::Header(name) => text.push_str(&format!("{{{name}}}")),
                _ => text.push_str("{timestamp}"),
            },
            _ => return None,
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use countersign::senders;

    use super::*;

    fn shape(name: &str) -> Rc<SchemeShape> {
        let config = senders::find(name).unwrap().example_config();
        SchemeShape::of(&config.scheme().unwrap())
    }

    #[test]
    fn every_sender_of_the_catalogue_but_adyen_has_a_credential_header() {
        for sender in senders::ALL {
            let is_in_body = sender.name() == "adyen";
            let credential = &shape(sender.name()).credential;
            assert_eq!(credential.is_none(), is_in_body, "{}", sender.name());
        }
    }

    #[test]
    fn the_shape_is_that_of_the_scheme() {
        let stripe = shape("stripe");
        let credential = stripe.credential.as_ref().unwrap();
        assert_eq!(
            (credential.time_prefix.as_deref(), credential.prefix.as_str()),
            (Some("t="), ",v1=")
        );
        assert_eq!(credential.value(Some("12"), "ab").as_deref(), Some("t=12,v1=ab"));
        assert_eq!(credential.time("t=1700000000,v1=00"), Some("1700000000"));

        let svix = shape("svix");
        assert_eq!(svix.key, KeyFormat::Base64 { prefix: "whsec_" });
        assert_eq!(svix.id.as_deref(), Some("svix-id"));
        assert_eq!(svix.timestamp, Some(("svix-timestamp".into(), TimestampFormat::Seconds)));
        assert_eq!(svix.content.as_deref(), Some("{svix-id}.{svix-timestamp}.{body}"));

        assert_eq!(shape("discord").key, KeyFormat::Hex);
        assert_eq!(shape("adyen").key, KeyFormat::Hex);
        assert_eq!(shape("sendgrid").key, KeyFormat::Base64 { prefix: "" });
        let encoding = |name| shape(name).credential.as_ref().unwrap().encoding;
        assert_eq!(encoding("sanity"), Encoding::Base64UrlUnpadded);
        assert_eq!(encoding("shopify"), Encoding::Base64);
        assert_eq!(shape("box").fixed.len(), 2);
        assert_eq!(shape("github").expected, ["x-hub-signature-256"]);
        assert_eq!(shape("zendesk").timestamp.as_ref().unwrap().1, TimestampFormat::Rfc3339);
    }
}
