//! OmniAI: document and lead automation.
//!
//! What its public documentation settles and this module follows: a `POST` with JSON, a configured
//! secret sent along in a header, only status 200 counts as success, an answer is due within 5 s,
//! the first retry comes after a minute and there are three. What it leaves open, and what stands
//! here instead:
//!
//! - **The header's name is not documented**, so [`OmniAi::new`] has no default for it. Send yourself
//!   a test delivery and look which header holds the secret.
//! - The secret is sent as it is: it proves who calls, but protects neither body nor time. Whoever
//!   sees one request can send others, so use HTTPS and keep the header out of logs.
//! - There is no event id. Events are known by the fields that name them, such as `document.id`; one
//!   that nothing names (`lead.updated`, unknown events) by its body's digest, for 15 minutes.
//! - For how long it repeats an event is not documented; handled events are remembered for a day.

mod action_log;
mod checklist;
mod count;
mod document;
mod event;
mod event_name;
mod lead;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub use self::action_log::{
    ActionLog, ActionLogCompleted, ActionLogFailed, ActionLogStatus, ActionLogType, Channel,
    Direction, Message, MessageDocument, Tool,
};
pub use self::checklist::{
    Address, ChecklistDocument, ChecklistItem, ChecklistItemStatus, ChecklistValue, RuleResult,
    ValidationResult,
};
pub use self::document::{
    DocumentExtracted, DocumentReceived, ExtractedItem, ExtractionResult, ExtractionStatus,
    ReceivedDocument, SignedUrl,
};
pub use self::event::{Event, UnknownEvent};
pub use self::lead::{Lead, LeadChanges, LeadCompleted, LeadCreated, LeadSource, LeadUpdated};
use super::Sender;
use crate::contract::{Contract, Success};
use crate::dedup::Identity;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::pointer::{Pointer, scalars};
use crate::keys::Keyring;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};
use crate::verify::Delivery;
use crate::verify::Verifier;

/// The name in keys and logs.
const SENDER: &str = "omniai";

/// Where an event's type stands.
const EVENT: &str = "/event";

/// The sender OmniAI; see the [module](self) for what it documents and what it does not.
///
/// ```
/// use countersign::{omniai::OmniAi, Receiver, Secret};
///
/// let secret = Secret::new("the secret set in OmniAI's webhook settings")?;
/// let receiver = Receiver::new(OmniAi::new("x-webhook-secret", secret)?);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OmniAi {
    verifier: Arc<Verifier>,
    contract: Contract,
}

impl OmniAi {
    /// With the name of the header that holds the secret, and the secret.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the name is empty, and
    /// [`ConfigErrorKind::InvalidHeaderName`] if it is no header's.
    pub fn new(
        secret_header: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
    ) -> Result<Self, ConfigError> {
        let header = secret_header.into();
        if header.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "`secret_header` is empty: OmniAI does not document it; send yourself a test delivery and look which header holds the secret",
            ));
        }
        Self::with_scheme(scheme(SignatureLocation::token(header)).build()?, keys)
    }

    /// With a scheme of your own: for a prefix before the secret, or should OmniAI come to sign.
    ///
    /// ```
    /// use countersign::scheme::{Scheme, SignatureLocation};
    /// use countersign::{Secret, omniai::OmniAi};
    ///
    /// let bearer = SignatureLocation::token("authorization").prefix("Bearer ");
    /// let scheme = Scheme::static_token("omniai", bearer).event_type_field("/event").build()?;
    /// let sender = OmniAi::with_scheme(scheme, Secret::new("the secret set in OmniAI")?)?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`].
    pub fn with_scheme(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        Ok(Self { verifier: Verifier::new(scheme, keys)?, contract: contract()? })
    }

    /// Without a secret, as a webhook set up by the newer guide may be: **anyone on the network can
    /// send events**. Give the route a path that cannot be guessed, and guard it by network rules.
    ///
    /// # Errors
    ///
    /// None in practice: the set-up is fixed.
    pub fn danger_unauthenticated() -> Result<Self, ConfigError> {
        let scheme = Scheme::danger_unauthenticated(SENDER).event_type_field(EVENT).build()?;
        let verifier = Verifier::danger_unauthenticated(scheme)?;
        Ok(Self { verifier, contract: contract()? })
    }

    /// What this sender expects of its receiver, where it differs.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

fn scheme(token: SignatureLocation) -> SchemeBuilder {
    Scheme::static_token(SENDER, token).event_type_field(EVENT)
}

/// Exactly 200; an answer within 4 of the 5 s; remembered for a day.
fn contract() -> Result<Contract, ConfigError> {
    Contract::builder()
        .success(Success::Exactly200)
        .response_deadline(Duration::from_secs(4))
        .retry_window(Duration::from_secs(24 * 60 * 60))
        .build()
}

impl Sender for OmniAi {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        identity(delivery.body()).unwrap_or_else(|| Identity::body(delivery.body()))
    }
}

/// Where the fields stand that name events.
static NAMES: LazyLock<Option<[Pointer; 9]>> = LazyLock::new(|| {
    let pointers = [
        "/event",
        "/workspaceId",
        "/actionLog/id",
        "/actionLog/completedAt",
        "/document/id",
        "/documentId",
        "/status",
        "/parentActionId",
        "/data/leadId",
    ];
    let parsed: Vec<_> = pointers.iter().filter_map(|text| Pointer::parse(text).ok()).collect();
    parsed.try_into().ok()
});

/// What names the event, or `None` if nothing but its body does.
fn identity(body: &[u8]) -> Option<Identity> {
    let names = scalars(NAMES.as_ref()?.each_ref(), body)?;
    let [event, workspace, action, completed_at, received, extracted, status, parent, lead] =
        &names;
    let event = event.as_deref()?;
    let named = |fields: &[&str]| {
        let both = [event, workspace.as_deref().unwrap_or_default()];
        Some(Identity::fields(both.into_iter().chain(fields.iter().copied())))
    };
    match event {
        // A re-run of one action ends another time.
        "action_log.completed" | "action_log.failed" => {
            named(&[action.as_deref()?, completed_at.as_deref()?])
        }
        // Not the body's digest: `signedUrl` may be signed anew for each retry.
        "document.received" => named(&[received.as_deref()?]),
        "document.extracted" => {
            let status = status.as_deref()?.to_ascii_lowercase();
            named(&[extracted.as_deref()?, &status, parent.as_deref()?])
        }
        "lead.created" | "lead.completed" => named(&[lead.as_deref()?]),
        _ => None,
    }
}
