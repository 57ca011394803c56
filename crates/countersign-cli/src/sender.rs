//! The sender of a request: an entry of the catalogue, a file's description, or a bare scheme.

mod custom;
mod retry;
mod settings;

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use countersign::scheme::{Location, Scheme};
use countersign::senders::{self, FieldLocation, SenderConfig, SenderSpec};
use countersign::{ConfigError, Contract, Custom, Keyring, Receiver, Secret, Success};

use crate::args::SenderArgs;
use crate::error::CliError;

pub use self::custom::CustomSender;
pub(crate) use self::retry::{RetryPolicy, RetrySchedule};
pub use self::settings::Settings;

/// A sender, before its settings and keys.
#[derive(Clone, Debug)]
pub enum SenderChoice {
    /// An entry of the catalogue.
    Catalogue(Box<SenderSpec>),
    /// A sender that a TOML file describes.
    Custom(Box<CustomSender>),
    /// A sender of which only the scheme is known.
    Scheme(Box<Scheme>),
}

impl SenderChoice {
    /// Returns the sender of the catalogue with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        senders::find(name).map(Self::from)
    }

    /// Returns the sender that the arguments name, if they name one.
    pub(crate) fn from_args(args: &SenderArgs) -> Result<Option<Self>, CliError> {
        match (&args.scheme, &args.sender) {
            (Some(path), _) => Self::from_file(path).map(Some),
            (None, Some(name)) => Self::from_name(name).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Returns the sender that the arguments must name.
    pub(crate) fn required(args: &SenderArgs) -> Result<Self, CliError> {
        Self::from_args(args)?.ok_or_else(|| {
            CliError::Malformed(
                "no sender is named: use `--sender NAME` (`countersign senders` lists them) or `--scheme FILE`"
                    .to_owned(),
            )
        })
    }

    /// Returns the sender of the catalogue with this name, or an error that says what to do.
    pub(crate) fn from_name(name: &str) -> Result<Self, CliError> {
        // Text that does not look like a sender's name may be a misplaced secret: never print it.
        let is_letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_printable = name.len() <= 24 && name.bytes().all(is_letter);
        Self::named(name).ok_or_else(|| {
            CliError::at(
                if is_printable { format!("sender `{name}`") } else { "the sender".to_owned() },
                "is not known: `countersign senders` lists the known senders; describe your own with `--scheme`",
            )
        })
    }

    /// Reads a sender from a TOML file.
    pub(crate) fn from_file(path: &Path) -> Result<Self, CliError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| CliError::unreadable(path, &error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let custom =
            CustomSender::parse(text).map_err(|hint| CliError::at(path.display(), hint))?;
        Ok(Self::Custom(Box::new(custom)))
    }

    /// Returns the entry of the catalogue, if the sender is one.
    #[must_use]
    pub fn spec(&self) -> Option<&SenderSpec> {
        match self {
            Self::Catalogue(sender) => Some(sender),
            Self::Custom(_) | Self::Scheme(_) => None,
        }
    }

    /// Returns the sender's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Catalogue(sender) => sender.name(),
            Self::Custom(custom) => custom.name(),
            Self::Scheme(scheme) => scheme.sender(),
        }
    }

    /// Returns the sender's name as its vendor writes it.
    pub(crate) fn display_name(&self) -> &str {
        match self.spec() {
            Some(spec) => spec.display_name(),
            None => self.name(),
        }
    }

    /// Returns whether the sender signs the public URL.
    pub(crate) fn requires_public_url(&self) -> bool {
        match self {
            Self::Catalogue(sender) => sender.requires_public_url(),
            Self::Custom(custom) => custom.requires_public_url(),
            Self::Scheme(_) => false,
        }
    }

    /// Returns how long the sender waits for a response.
    pub(crate) fn response_deadline(&self) -> Duration {
        match self {
            Self::Catalogue(sender) => sender.response_deadline(),
            Self::Custom(custom) => custom.response_deadline(),
            Self::Scheme(_) => Contract::default().response_deadline(),
        }
    }

    /// Returns when the sender retries.
    pub(crate) fn retry_schedule(&self) -> RetrySchedule {
        match self {
            Self::Catalogue(sender) => RetrySchedule::from(&**sender),
            Self::Custom(custom) => custom.retry_schedule(),
            Self::Scheme(_) => RetrySchedule::assumed(),
        }
    }

    /// Returns the statuses that the sender counts as success.
    pub(crate) fn success(&self) -> Result<Success, CliError> {
        let contract = match self {
            Self::Catalogue(sender) => sender.contract()?,
            Self::Custom(custom) => custom.contract()?,
            Self::Scheme(_) => Contract::default(),
        };
        Ok(contract.success())
    }

    /// Returns the sender's scheme with these settings.
    pub(crate) fn scheme(&self, settings: &Settings) -> Result<Scheme, CliError> {
        match self {
            Self::Catalogue(sender) => configured(sender, settings)?
                .scheme()
                .map_err(|error| in_flags(sender, settings, error)),
            Self::Custom(custom) => custom.scheme(settings),
            Self::Scheme(scheme) => Ok(Scheme::clone(scheme)),
        }
    }

    /// Returns the settings for an endpoint to which the sender delivers by this method.
    pub(crate) fn delivering_by(
        &self,
        method: &str,
        settings: Settings,
    ) -> Result<Settings, CliError> {
        let allowed = match self {
            Self::Catalogue(sender) => sender.methods().to_vec(),
            Self::Custom(_) | Self::Scheme(_) => vec![self.scheme(&settings)?.method()],
        };
        let settings = settings.with_method(method).filter(|_| allowed.contains(&method));
        settings.ok_or_else(|| {
            let hint = format!(
                "is not a method by which `{}` delivers: use {}",
                self.name(),
                allowed.join(" or ")
            );
            CliError::at("`--method`", hint)
        })
    }

    /// Returns the receiver that verifies the sender's requests, without a store.
    pub(crate) fn receiver(
        &self,
        settings: &Settings,
        keys: Keyring,
    ) -> Result<Receiver, CliError> {
        let builder = match self {
            Self::Catalogue(sender) => Receiver::builder(
                configured(sender, settings)?
                    .keys(keys)
                    .map_err(|error| in_flags(sender, settings, error))?,
            ),
            Self::Custom(custom) => {
                let sender = Custom::new(custom.scheme(settings)?, keys)?;
                Receiver::builder(sender.with_contract(custom.contract()?))
            }
            Self::Scheme(scheme) => Receiver::builder(Custom::new(Scheme::clone(scheme), keys)?),
        };
        Ok(builder.danger_without_dedup().build()?)
    }
}

impl From<SenderSpec> for SenderChoice {
    fn from(sender: SenderSpec) -> Self {
        Self::Catalogue(Box::new(sender))
    }
}

/// Reports a missing setting by the flag that sets it.
fn in_flags(sender: &SenderSpec, settings: &Settings, error: ConfigError) -> CliError {
    if error.kind() != countersign::ConfigErrorKind::MissingSetting {
        return error.into();
    }
    let undocumented = |flag: &str| {
        CliError::missing_setting(
            format_args!("`--{flag}`"),
            format_args!(
                "{} does not document it: read it off a captured delivery, with `countersign explain`",
                sender.display_name()
            ),
        )
    };
    let has_header = settings.header.as_deref().is_some_and(|name| !name.is_empty());
    if sender.requires_public_url() && settings.url.is_none() {
        CliError::missing_setting(
            "`--url`",
            format_args!(
                "`{}` signs the public URL: give it exactly as in the sender's settings, with `https://`",
                sender.name()
            ),
        )
    } else if sender.requires_header() && !has_header {
        undocumented("header")
    } else if sender.requires_encoding() && settings.encoding.is_none() {
        undocumented("encoding")
    } else {
        error.into()
    }
}

fn configured(sender: &SenderSpec, settings: &Settings) -> Result<SenderConfig, CliError> {
    let unsupported = |flag: &str| {
        CliError::at(
            format_args!("`--{flag}`"),
            format_args!("is not for `{}`: leave it out", sender.name()),
        )
    };
    let mut config = sender.config();
    if sender.methods().contains(&settings.method()) {
        config = config.with_method(settings.method());
    }
    if sender.requires_header() {
        if let Some(encoding) = settings.encoding {
            config = config.with_encoding(encoding);
        }
        config = config
            .with_prefix(settings.prefix.clone().unwrap_or_default())
            .with_event_type(location(settings.type_at.as_ref()))
            .with_event_id(location(settings.id_at.as_ref()))
            .with_time(location(settings.time_at.as_ref()));
    } else if settings.prefix.is_some() {
        return Err(unsupported("prefix"));
    }
    // A sender that documents how it signs documents these as well.
    let undocumented = [
        ("encoding", settings.encoding.is_some()),
        ("type-at", settings.type_at.is_some()),
        ("id-at", settings.id_at.is_some()),
        ("time-at", settings.time_at.is_some()),
    ];
    let given = undocumented.iter().find(|(_, is_given)| *is_given);
    if let Some((flag, _)) = given.filter(|_| !sender.requires_encoding()) {
        return Err(unsupported(flag));
    }
    if let Some(url) = &settings.url {
        config = config.with_public_url(url);
    }
    if let Some(tolerance) = settings.both_ways() {
        config = config.with_tolerance(tolerance);
    }
    if let Some(token) = &settings.verify_token {
        config = config.with_verify_token(Secret::new(token.to_vec())?);
    }
    if let Some(header) = &settings.header {
        config = config.with_header(header.clone());
        let named = header.to_ascii_lowercase();
        let is_used = |scheme: &Scheme| {
            let location = scheme.credential().map(|credential| credential.location);
            location == Some(Location::Header(&named))
        };
        if config.scheme().is_ok_and(|scheme| !is_used(&scheme)) {
            return Err(unsupported("header"));
        }
    }
    Ok(config)
}

/// Reads a location: a JSON pointer begins with a slash, which no header name contains.
fn location(text: Option<&String>) -> FieldLocation {
    match text.cloned().map(Cow::<'static, str>::Owned) {
        None => FieldLocation::Absent,
        Some(text) if text.starts_with('/') => FieldLocation::Field(text),
        Some(text) => FieldLocation::Header(text),
    }
}
