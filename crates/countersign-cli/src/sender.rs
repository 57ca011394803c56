//! Who sent a request: a sender of the catalogue, OmniAI, AINexLayer, or one that a file describes.

mod custom;
mod settings;

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use countersign::ainexlayer::{AiNexLayer, At};
use countersign::omniai::OmniAi;
use countersign::scheme::{Location, Scheme, SignatureLocation};
use countersign::senders::Sender;
use countersign::senders::{self, SenderConfig, SenderSpec};
use countersign::{ConfigError, Contract, Custom, Keyring, Receiver, Secret};

use crate::args::SenderArgs;
use crate::error::CliError;

pub use self::custom::CustomSender;
pub use self::settings::Settings;

/// A sender, before its settings and keys.
#[derive(Clone, Debug)]
pub enum Who {
    /// One of the catalogue.
    Known(SenderSpec),
    /// OmniAI.
    OmniAi,
    /// AINexLayer.
    AiNexLayer,
    /// One that a file describes.
    Custom(Box<CustomSender>),
    /// One that is its scheme.
    Own(Box<Scheme>),
}

impl Who {
    /// The sender of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "omniai" => Some(Self::OmniAi),
            "ainexlayer" => Some(Self::AiNexLayer),
            _ => senders::find(name).map(Self::Known),
        }
    }

    /// Every sender that has a name.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<_> = senders::ALL.iter().copied().map(Self::Known).collect();
        all.extend([Self::OmniAi, Self::AiNexLayer]);
        all.sort_by(|left, right| left.name().cmp(right.name()));
        all
    }

    /// The sender that the arguments name, if they name one.
    pub(crate) fn from_args(args: &SenderArgs) -> Result<Option<Self>, CliError> {
        match (&args.scheme, &args.sender) {
            (Some(path), _) => Self::from_file(path).map(Some),
            (None, Some(name)) => Self::wanted(name).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The sender that the arguments must name.
    pub(crate) fn required(args: &SenderArgs) -> Result<Self, CliError> {
        Self::from_args(args)?.ok_or_else(|| {
            CliError::Malformed(
                "no sender is named: give `--sender NAME` (`countersign senders` lists them) or `--scheme FILE`"
                    .to_owned(),
            )
        })
    }

    /// The sender of this name, or what to do where there is none.
    pub(crate) fn wanted(name: &str) -> Result<Self, CliError> {
        // What is no name of a sender may be a secret, given in its place.
        let is_letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_plain = name.len() <= 24 && name.bytes().all(is_letter);
        Self::named(name).ok_or_else(|| {
            CliError::at(
                if is_plain { format!("sender `{name}`") } else { "the sender".to_owned() },
                "is not known: `countersign senders` lists those that are; describe one of your own with `--scheme`",
            )
        })
    }

    /// The sender that a TOML file describes.
    pub(crate) fn from_file(path: &Path) -> Result<Self, CliError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| CliError::unreadable(path, &error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let custom =
            CustomSender::parse(text).map_err(|mend| CliError::at(path.display(), mend))?;
        Ok(Self::Custom(Box::new(custom)))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(sender) => sender.name(),
            Self::OmniAi => "omniai",
            Self::AiNexLayer => "ainexlayer",
            Self::Custom(custom) => custom.name(),
            Self::Own(scheme) => scheme.sender(),
        }
    }

    pub(crate) fn display_name(&self) -> &str {
        match self {
            Self::Known(sender) => sender.display_name(),
            Self::OmniAi => "OmniAI",
            Self::AiNexLayer => "AINexLayer",
            Self::Custom(custom) => custom.name(),
            Self::Own(scheme) => scheme.sender(),
        }
    }

    /// Where it documents its signature.
    pub(crate) fn docs_url(&self) -> Option<&'static str> {
        match self {
            Self::Known(sender) => Some(sender.docs_url()),
            Self::OmniAi => Some("https://docs.getomni.ai/webhooks.md"),
            Self::AiNexLayer | Self::Custom(_) | Self::Own(_) => None,
        }
    }

    /// Whether it signs the public URL.
    pub(crate) fn requires_public_url(&self) -> bool {
        match self {
            Self::Known(sender) => sender.requires_public_url(),
            Self::Custom(custom) => custom.requires_public_url(),
            Self::OmniAi | Self::AiNexLayer | Self::Own(_) => false,
        }
    }

    /// How long it waits for an answer.
    pub(crate) fn deadline(&self) -> Duration {
        match self {
            Self::Known(sender) => sender.response_deadline(),
            Self::OmniAi => Duration::from_secs(5),
            Self::AiNexLayer => Duration::from_secs(30),
            Self::Custom(custom) => custom.deadline(),
            Self::Own(_) => Contract::default().response_deadline(),
        }
    }

    /// Whether no success but 200 counts.
    pub(crate) fn wants_exactly_200(&self) -> Result<bool, CliError> {
        let contract = match self {
            Self::Known(sender) => sender.contract()?,
            Self::Custom(custom) => custom.contract()?,
            Self::OmniAi => return Ok(true),
            Self::AiNexLayer | Self::Own(_) => return Ok(false),
        };
        Ok(contract.success_status(204) == 200)
    }

    /// How it signs, by these settings.
    pub(crate) fn scheme(&self, settings: &Settings) -> Result<Scheme, CliError> {
        match self {
            Self::Known(sender) => {
                configured(*sender, settings)?.scheme().map_err(|error| self.mended(error))
            }
            Self::OmniAi => omniai_scheme(settings),
            Self::AiNexLayer => {
                // Its builder takes keys along, and a scheme holds none.
                let unused = Secret::new("a scheme holds no key")?;
                Ok(ainexlayer(settings, unused.into())?.verifier().scheme().clone())
            }
            Self::Custom(custom) => custom.scheme(settings),
            Self::Own(scheme) => Ok(Scheme::clone(scheme)),
        }
    }

    /// What verifies its requests.
    pub(crate) fn receiver(
        &self,
        settings: &Settings,
        keys: Keyring,
    ) -> Result<Receiver, CliError> {
        Ok(match self {
            Self::Known(sender) => {
                let configured = configured(*sender, settings)?
                    .keys(keys)
                    .map_err(|error| self.mended(error))?;
                Receiver::new(configured)
            }
            Self::OmniAi => Receiver::new(OmniAi::with_scheme(omniai_scheme(settings)?, keys)?),
            Self::AiNexLayer => Receiver::new(ainexlayer(settings, keys)?),
            Self::Custom(custom) => {
                let provider = Custom::new(custom.scheme(settings)?, keys)?;
                Receiver::new(provider.with_contract(custom.contract()?))
            }
            Self::Own(scheme) => Receiver::new(Custom::new(Scheme::clone(scheme), keys)?),
        })
    }

    /// The core's error in the words of the command line.
    fn mended(&self, error: ConfigError) -> CliError {
        if self.requires_public_url()
            && error.kind() == countersign::ConfigErrorKind::MissingSetting
        {
            return CliError::missing_setting(
                "`--url`",
                format_args!(
                    "`{}` signs the public URL: give it as it stands in the sender's settings, `https://` and all",
                    self.name()
                ),
            );
        }
        error.into()
    }
}

fn configured(sender: SenderSpec, settings: &Settings) -> Result<SenderConfig, CliError> {
    let only = |flag: &str| {
        CliError::at(
            format_args!("`--{flag}`"),
            format_args!("is not for `{}`: leave it out", sender.name()),
        )
    };
    if settings.encoding.is_some() {
        return Err(only("encoding"));
    }
    if settings.prefix.is_some() {
        return Err(only("prefix"));
    }
    let mut config = sender.config().with_method(settings.method());
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
            return Err(only("header"));
        }
    }
    Ok(config)
}

fn omniai_scheme(settings: &Settings) -> Result<Scheme, CliError> {
    let header = settings.header.clone().filter(|name| !name.is_empty()).ok_or_else(|| {
        CliError::missing_setting(
            "`--header`",
            "OmniAI does not document which header holds the secret: send yourself a test delivery, and let `countersign explain` find it",
        )
    })?;
    let token =
        SignatureLocation::token(header).prefix(settings.prefix.clone().unwrap_or_default());
    Ok(Scheme::static_token("omniai", token).event_type_field("/event").build()?)
}

fn ainexlayer(settings: &Settings, keys: Keyring) -> Result<AiNexLayer, CliError> {
    let missing = |flag: &str| {
        CliError::missing_setting(
            format_args!("`--{flag}`"),
            "AINexLayer does not document it: read it off a captured delivery, with `countersign explain`",
        )
    };
    let header = settings.header.clone().ok_or_else(|| missing("header"))?;
    let encoding = settings.encoding.ok_or_else(|| missing("encoding"))?;
    let mut builder = AiNexLayer::builder(keys)
        .signature_header(header)
        .encoding(encoding)
        .prefix(settings.prefix.clone().unwrap_or_default())
        .event_type(place(settings.type_at.as_ref()))
        .event_id(place(settings.id_at.as_ref()))
        .time(place(settings.time_at.as_ref()));
    if let Some(tolerance) = settings.both_ways() {
        builder = builder.tolerance(tolerance);
    }
    Ok(builder.build()?)
}

/// A JSON pointer begins with a slash, which no header's name has.
fn place(text: Option<&String>) -> At {
    match text.cloned().map(Cow::<'static, str>::Owned) {
        None => At::Nowhere,
        Some(text) if text.starts_with('/') => At::Field(text),
        Some(text) => At::Header(text),
    }
}
