//! A sender that a TOML file describes.

mod event;
mod file;

use std::time::Duration;

use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, TimestampFormat, Tolerance,
};
use countersign::{Contract, Success};

pub use self::file::CustomSender;
use self::file::{
    Algorithm, IdTable, SecretForm, SignatureEncoding, SignatureTable, SuccessStatus, TimeUnit,
    TimestampTable,
};
use super::settings::known_method;
use super::{RetryPolicy, RetrySchedule, Settings};
use crate::error::CliError;

/// The longest accepted response deadline.
const LONGEST_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// The longest accepted delay before a retry.
const LONGEST_RETRY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The largest accepted number of retries.
const MOST_RETRIES: usize = 100;

impl CustomSender {
    /// Parses the file's text. The error names the location and a fix, and holds no value of the file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let custom: Self = toml::from_str(text).map_err(|error| hint(text, &error))?;
        // A contradiction is reported now, not at the first request.
        let settings =
            Settings { url: Some("https://example.com/".to_owned()), ..Settings::default() };
        custom.scheme(&settings).map_err(|failure| failure.to_string())?;
        custom.contract().map_err(|failure| failure.to_string())?;
        Ok(custom)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn requires_public_url(&self) -> bool {
        ["{url}", "{url-and-form}"].iter().any(|part| self.signs.contains(part))
    }

    pub(crate) const fn response_deadline(&self) -> Duration {
        Duration::from_secs(self.contract.deadline)
    }

    pub(crate) fn retry_schedule(&self) -> RetrySchedule {
        RetrySchedule {
            delays: self.contract.retries.iter().copied().map(Duration::from_secs).collect(),
            is_documented: true,
            policy: RetryPolicy {
                stops_at_410: self.contract.stops_at_410,
                respects_retry_after: self.contract.respects_retry_after,
            },
        }
    }

    pub(crate) fn contract(&self) -> Result<Contract, CliError> {
        let too_large = |setting: &str, most: &str| {
            CliError::at(
                format_args!("`contract.{setting}`"),
                format_args!("exceeds {most}: reduce it"),
            )
        };
        if self.response_deadline() > LONGEST_DEADLINE {
            return Err(too_large("deadline", "one hour"));
        }
        if self.contract.retries.len() > MOST_RETRIES {
            return Err(too_large("retries", "100 retries"));
        }
        if self.contract.retries.iter().any(|secs| *secs > LONGEST_RETRY.as_secs()) {
            return Err(too_large("retries", "30 days"));
        }
        let success = match self.contract.success {
            SuccessStatus::Any2xx => Success::Any2xx,
            SuccessStatus::Exactly200 => Success::Exactly200,
            SuccessStatus::Exactly204 => Success::Exactly204,
        };
        Ok(Contract::builder()
            .success(success)
            .response_deadline(self.response_deadline())
            .build()?)
    }

    pub(crate) fn scheme(&self, settings: &Settings) -> Result<Scheme, CliError> {
        let mut scheme = self.begin()?;
        if !matches!(self.algorithm, Algorithm::StaticToken) {
            scheme = scheme.signs(self.parts(settings)?);
        }
        scheme = match (self.secret.form, &self.secret.prefix) {
            (SecretForm::Text, None) => scheme,
            (SecretForm::Hex, None) => scheme.hex_key(),
            // The leak is bounded: a run of the command reads one file.
            (SecretForm::Base64, prefix) => {
                scheme.base64_key(prefix.clone().unwrap_or_default().leak())
            }
            (_, Some(_)) => {
                return Err(CliError::at(
                    "`secret.prefix`",
                    "applies to `form = \"base64\"` only: remove it",
                ));
            }
        };
        if let Some(time) = &self.timestamp {
            scheme = time.add_to(scheme)?;
        }
        if let Some(secs) =
            settings.tolerance.or(self.timestamp.as_ref().and_then(|time| time.tolerance))
        {
            let tolerance = Duration::from_secs(secs);
            scheme = scheme.tolerance(Tolerance::new(tolerance, tolerance));
        }
        if let Some(method) = &self.method {
            scheme = scheme.method(known_method(method).ok_or_else(|| {
                CliError::at(
                    "`method`",
                    "is not a method by which a sender delivers: use POST or GET",
                )
            })?);
        }
        if let Some(id) = &self.id {
            scheme = id.add_to(scheme)?;
        }
        Ok(self.with_events(scheme)?.build()?)
    }

    fn begin(&self) -> Result<SchemeBuilder, CliError> {
        let (name, signature) = (self.name.clone(), self.signature.read()?);
        Ok(match self.algorithm {
            Algorithm::HmacSha256 => Scheme::hmac_sha256(name, signature),
            Algorithm::HmacSha1 => Scheme::hmac_sha1(name, signature),
            Algorithm::HmacSha512 => Scheme::hmac_sha512(name, signature),
            Algorithm::Ed25519 => Scheme::ed25519(name, signature),
            Algorithm::EcdsaP256 => Scheme::ecdsa_p256(name, signature),
            Algorithm::StaticToken => Scheme::static_token(name, signature),
            Algorithm::DangerPrefixedSha256 => Scheme::danger_prefixed_sha256(name, signature),
        })
    }

    /// Parses `signs` into its literals and the parts in braces.
    fn parts(&self, settings: &Settings) -> Result<Vec<Part>, CliError> {
        let wrong = |hint: &str| CliError::at("`signs`", hint);
        let url = || {
            settings.url.clone().ok_or_else(|| {
                CliError::missing_setting(
                    "`--url`",
                    format_args!(
                        "`{}` signs the public URL: give it exactly as in the sender's settings",
                        self.name
                    ),
                )
            })
        };
        let (mut parts, mut rest) = (Vec::new(), self.signs.as_str());
        while !rest.is_empty() {
            let Some((literal, after)) = rest.split_once('{') else {
                parts.push(Part::Literal(rest.to_owned().into()));
                break;
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned().into()));
            }
            let (name, after) =
                after.split_once('}').ok_or_else(|| wrong("has a `{` without its `}`"))?;
            parts.push(match name {
                "body" => Part::Body,
                "timestamp" => Part::Timestamp,
                "id" => Part::Id,
                "method" => Part::Literal(settings.method().into()),
                "url" => Part::Url(url()?.into()),
                "url-and-form" => Part::UrlAndForm(url()?.into()),
                name => match name.strip_prefix("header:") {
                    Some(header) => Part::Header(header.to_owned().into()),
                    None => return Err(wrong("has an unknown part in braces: use body, timestamp, id, header:NAME, method, url or url-and-form")),
                },
            });
            rest = after;
        }
        Ok(parts)
    }
}

impl SignatureTable {
    fn read(&self) -> Result<SignatureLocation, CliError> {
        let encoding = match self.encoding {
            SignatureEncoding::Hex => Encoding::Hex,
            SignatureEncoding::Base64 => Encoding::Base64,
            SignatureEncoding::Base64url => Encoding::Base64Url,
            SignatureEncoding::Base64urlUnpadded => Encoding::Base64UrlUnpadded,
        };
        let mut at = SignatureLocation::header(self.header.clone(), encoding);
        if self.white_space {
            at = at.allow_white_space();
        }
        if self.separator.is_some() && self.pair.is_none() {
            return Err(CliError::at("`signature.separator`", "applies to `pair` only: remove it"));
        }
        Ok(match (&self.prefix, &self.version, &self.pair) {
            (None, None, None) => at,
            (Some(prefix), None, None) => at.prefix(prefix.clone()),
            (None, Some(version), None) => at.versioned(version.clone()),
            (None, None, Some(name)) => {
                let separator = u8::try_from(self.separator.unwrap_or(','));
                let separator =
                    separator.map_err(|_| CliError::at("`signature.separator`", "is not ASCII"))?;
                at.pairs_with_separator(separator, name.clone())
            }
            _ => {
                return Err(CliError::at(
                    "`signature`",
                    "has two of `prefix`, `version` and `pair`: keep the one that matches the header",
                ));
            }
        })
    }
}

impl TimestampTable {
    fn add_to(&self, scheme: SchemeBuilder) -> Result<SchemeBuilder, CliError> {
        let unit = match self.unit {
            TimeUnit::Seconds => TimestampFormat::Seconds,
            TimeUnit::Milliseconds => TimestampFormat::Millis,
            TimeUnit::Rfc3339 => TimestampFormat::Rfc3339,
        };
        match (self.header.clone(), self.pair.clone(), self.field.clone()) {
            (Some(name), None, None) => Ok(scheme.timestamp_header(name, unit)),
            (None, Some(name), None) => Ok(scheme.timestamp_pair(name, unit)),
            (None, None, Some(pointer)) => Ok(scheme.timestamp_field(pointer, unit)),
            _ => Err(CliError::at("`timestamp`", "needs one of `header`, `pair` and `field`")),
        }
    }
}

impl IdTable {
    fn add_to(&self, scheme: SchemeBuilder) -> Result<SchemeBuilder, CliError> {
        let mut scheme = match (self.header.clone(), self.field.clone()) {
            (Some(name), None) => scheme.id_header(name),
            (None, Some(pointer)) => scheme.id_field(pointer),
            _ => return Err(CliError::at("`id`", "needs one of `header` and `field`")),
        };
        if self.may_hold_separator {
            scheme = scheme.allow_separator_in_id();
        }
        Ok(match self.length {
            Some(bytes) => scheme.id_length(bytes),
            None => scheme,
        })
    }
}

/// Describes an error in the TOML by its line and kind. The text of the line is never shown, since it may
/// hold a secret.
fn hint(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    let message = error.message();
    let is_about_names =
        ["unknown field", "missing field"].iter().any(|start| message.starts_with(start));
    match message.split_once("expected ") {
        // An unknown name may be a misplaced secret.
        Some((_, expected)) if message.starts_with("unknown field") => {
            format!("line {line}: unknown field, expected {expected}")
        }
        _ if is_about_names => format!("line {line}: {message}"),
        Some((_, expected)) => format!("line {line}: expected {expected}"),
        None => format!("line {line}: is not valid TOML"),
    }
}
