//! A scheme as far as it shows itself: read off a request that is signed by it with a made-up secret.

use countersign::scheme::{Algorithm, Encoding, Scheme, SigningRequest, TimestampFormat};
use countersign::senders::Verifier;
use countersign::{Secret, Timestamp};

use super::credential::{Credential, base64_text, credentials, hex_text};

/// The time in the made-up request, and how it is written in each unit.
const TIME: Timestamp = Timestamp::from_secs(1_700_000_000);
const WRITTEN: [(&str, TimestampFormat); 3] = [
    ("1700000000000", TimestampFormat::Millis),
    ("1700000000", TimestampFormat::Seconds),
    ("2023-11-14T22:13:20Z", TimestampFormat::Rfc3339),
];

/// The id in the made-up request.
const ID: &str = "msg_made_up";

/// How the secret becomes the key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum KeyForm {
    #[default]
    Text,
    Hex,
    Base64(&'static str),
}

/// A scheme as far as it shows itself.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) key: KeyForm,
    /// Where the credential stands; `None` if that is not in a header.
    pub(super) at: Option<At>,
    /// The header of the signed time, and its unit.
    pub(super) time: Option<(String, TimestampFormat)>,
    /// The header of the event's id.
    pub(super) id: Option<String>,
    /// Every header that must be there.
    pub(super) needed: Vec<String>,
    /// Headers that must have one value.
    pub(super) fixed: Vec<(String, String)>,
    /// What is signed: texts and header names in braces.
    pub(super) content: Option<String>,
}

/// Where the credential stands.
#[derive(Debug)]
pub(super) struct At {
    pub(super) header: String,
    /// What stands before the time and then before the credential, where the header holds both; else
    /// the first is `None`.
    pub(super) before_time: Option<String>,
    pub(super) before: String,
    pub(super) encoding: Encoding,
}

impl Form {
    /// Reads it off; what cannot be read stays empty.
    pub(super) fn of(scheme: &Scheme) -> Self {
        let text = scheme.to_string();
        let content = text
            .split_once(" over `")
            .and_then(|(_, rest)| Some(rest.rsplit_once("`, in header `")?.0.to_owned()));
        let Some((key, headers, credential)) =
            made_up_secrets(scheme.algorithm()).into_iter().find_map(|(key, secret)| {
                let (headers, credential) = sample(scheme, &text, &secret)?;
                Some((key, headers, credential))
            })
        else {
            // It signs in the body; what it takes for a key shows all the same.
            let takes =
                |secret: Vec<u8>| Verifier::new(scheme.clone(), Secret::new(secret).ok()?).ok();
            let mut keys = made_up_secrets(scheme.algorithm()).into_iter();
            let key = keys.find_map(|(key, secret)| takes(secret).map(|_| key));
            return Self { key: key.unwrap_or_default(), content, ..Self::default() };
        };
        let mut form = Self { key, content, ..Self::default() };
        form.read(&headers, credential);
        form
    }

    fn read(&mut self, headers: &[(String, String)], at: Option<At>) {
        self.at = at;
        for (name, value) in headers {
            let is_signed = {
                let place = format!("{{{name}}}");
                self.content.as_ref().is_some_and(|content| content.contains(&place))
            };
            let unit = WRITTEN.iter().find(|(text, _)| value == text).map(|(_, unit)| *unit);
            let is_credential = self.at.as_ref().is_some_and(|at| at.header == *name);
            if is_credential {
                // It differs from request to request.
            } else if let Some(unit) = unit {
                self.time = Some((name.clone(), unit));
            } else if value == ID {
                self.id = Some(name.clone());
            } else if !is_signed {
                self.fixed.push((name.clone(), value.clone()));
            }
            // An id that is not signed need not be there.
            if value != ID || is_signed {
                self.needed.push(name.clone());
            }
        }
    }
}

/// Secrets that fit each form of key.
fn made_up_secrets(algorithm: Algorithm) -> Vec<(KeyForm, Vec<u8>)> {
    // A PKCS #8 key of P-256 whose scalar is all ones; else 32 bytes of text that is nothing else.
    let mut p256 = vec![
        0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a,
        0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
    ];
    p256.extend([1; 32]);
    let bytes = if algorithm == Algorithm::EcdsaP256 { p256 } else { vec![b'~'; 32] };
    let base64 = |prefix: &'static str| {
        (KeyForm::Base64(prefix), format!("{prefix}{}", base64_text(&bytes)).into_bytes())
    };
    let list = [
        (KeyForm::Text, bytes.clone()),
        base64("whsec_"),
        base64("whpk_"),
        base64(""),
        // Last, since it would be base64 as well.
        (KeyForm::Hex, hex_text(&bytes).into_bytes()),
    ];
    list.into()
}

/// The headers of a made-up request, and how the credential stands in them.
type Sample = (Vec<(String, String)>, Option<At>);

/// Makes one up; `text` is the scheme's own.
fn sample(scheme: &Scheme, text: &str, secret: &[u8]) -> Option<Sample> {
    let secret_text = String::from_utf8_lossy(secret).into_owned();
    let mut found = None;
    // Another body until one of the letters stands there in which the alphabets differ.
    for body in 0..24_u32 {
        let body = format!("a={body}");
        let headers = signed(scheme, text, secret, body.as_bytes())?;
        let at = headers.iter().rev().find_map(|(name, value)| {
            if scheme.algorithm() == Algorithm::StaticToken {
                let before = value.strip_suffix(&secret_text)?.to_owned();
                return Some((At::whole(name, before), true));
            }
            let list = credentials(value, |bytes| is_long_enough(scheme.algorithm(), bytes));
            let first = list.into_iter().next()?;
            let is_clear =
                first.encoding == Encoding::Hex || first.text.contains(['+', '/', '-', '_']);
            Some((At::of(name, &first), is_clear))
        });
        let is_clear = at.as_ref().is_none_or(|(_, is_clear)| *is_clear);
        found = Some((headers, at.map(|(at, _)| at)));
        if is_clear {
            break;
        }
    }
    found
}

/// Signs a made-up request, with whatever headers the scheme asks for.
fn signed(
    scheme: &Scheme,
    text: &str,
    secret: &[u8],
    body: &[u8],
) -> Option<Vec<(String, String)>> {
    let mut extra: Vec<&str> = Vec::new();
    loop {
        let headers: Vec<_> = extra.iter().map(|name| (*name, "1")).collect();
        let unsigned = SigningRequest::new(body).id(ID).timestamp(TIME).headers(&headers);
        let error = match unsigned.request(scheme, &Secret::new(secret).ok()?) {
            Ok(request) => {
                let own = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
                return Some(own.chain(request.headers).collect());
            }
            Err(error) => error.to_string(),
        };
        let is_asked_for = |name: &&str| {
            !name.is_empty() && !extra.contains(name) && error.contains(&format!("`{name}`"))
        };
        let names = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        extra.push(names.into_iter().find(is_asked_for)?);
    }
}

/// Whether a signature of `algorithm` may be these bytes.
pub(super) fn is_long_enough(algorithm: Algorithm, bytes: &[u8]) -> bool {
    match algorithm {
        Algorithm::HmacSha1 => bytes.len() == 20,
        Algorithm::HmacSha512 | Algorithm::Ed25519 => bytes.len() == 64,
        Algorithm::EcdsaP256 => is_der(bytes),
        _ => bytes.len() == 32,
    }
}

/// Whether it begins as an ECDSA signature in DER and is as long as it says.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, length, 2, ..] if usize::from(*length) + 2 == bytes.len())
}

impl At {
    fn whole(header: &str, before: String) -> Self {
        Self { header: header.to_owned(), before_time: None, before, encoding: Encoding::Hex }
    }

    fn of(header: &str, credential: &Credential<'_>) -> Self {
        let times = WRITTEN.iter().find_map(|(text, _)| credential.before.split_once(text));
        let (before_time, before) = match times {
            Some((before, after)) => (Some(before.to_owned()), after.to_owned()),
            None => (None, credential.before.to_owned()),
        };
        Self { header: header.to_owned(), before_time, before, encoding: credential.encoding }
    }

    /// The time that stands beside the credential in `value`.
    pub(super) fn time<'v>(&self, value: &'v str) -> Option<&'v str> {
        let before = self.before_time.as_ref()?;
        let rest = match value.split_once(before.as_str()) {
            Some((_, rest)) if rest.starts_with(|first: char| first.is_ascii_digit()) => rest,
            _ => value.get(value.find(|letter: char| letter.is_ascii_digit())?..)?,
        };
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end).filter(|digits| !digits.is_empty())
    }

    /// A value as the sender writes it.
    pub(super) fn value(&self, time: Option<&str>, credential: &str) -> Option<String> {
        Some(match &self.before_time {
            None => format!("{}{credential}", self.before),
            Some(before) => format!("{before}{}{}{credential}", time?, self.before),
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign::senders;

    use super::*;

    fn form(name: &str) -> Form {
        let setup = senders::find(name).unwrap().example_config();
        Form::of(&setup.scheme().unwrap())
    }

    #[test]
    fn every_sender_of_the_catalogue_shows_where_its_credential_stands() {
        for sender in senders::ALL {
            let is_in_body = sender.name() == "adyen";
            assert_eq!(form(sender.name()).at.is_none(), is_in_body, "{}", sender.name());
        }
    }

    #[test]
    fn what_a_form_shows_is_what_the_scheme_says() {
        let stripe = form("stripe");
        let at = stripe.at.unwrap();
        assert_eq!((at.before_time.as_deref(), at.before.as_str()), (Some("t="), ",v1="));
        assert_eq!(at.value(Some("12"), "ab").as_deref(), Some("t=12,v1=ab"));
        assert_eq!(at.time("t=1700000000,v1=00"), Some("1700000000"));

        let svix = form("svix");
        assert_eq!(svix.key, KeyForm::Base64("whsec_"));
        assert_eq!(svix.id.as_deref(), Some("svix-id"));
        assert_eq!(svix.time, Some(("svix-timestamp".into(), TimestampFormat::Seconds)));
        assert_eq!(svix.content.as_deref(), Some("{svix-id}.{svix-timestamp}.{body}"));

        assert_eq!(form("discord").key, KeyForm::Hex);
        assert_eq!(form("adyen").key, KeyForm::Hex);
        assert_eq!(form("sendgrid").key, KeyForm::Base64(""));
        assert_eq!(form("sanity").at.unwrap().encoding, Encoding::Base64UrlUnpadded);
        assert_eq!(form("shopify").at.unwrap().encoding, Encoding::Base64);
        assert_eq!(form("box").fixed.len(), 2);
        assert_eq!(form("github").needed, ["x-hub-signature-256"]);
        assert_eq!(form("zendesk").time.unwrap().1, TimestampFormat::Rfc3339);
    }
}
