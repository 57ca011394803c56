//! The two senders: their secrets, and how each proves itself. The same in any framework.

use countersign::ainexlayer::AiNexLayer;
use countersign::omniai::OmniAi;
use countersign::scheme::Encoding;
use countersign::{ConfigError, Receiver, Secret};

// A real service reads its secrets with `Secret::from_env` or `Secret::from_file`.
pub(crate) const OMNIAI_SECRET: &str = "demo-secret-of-omniai-never-use-it";
pub(crate) const AINEXLAYER_SECRET: &str = "demo-secret-of-ainexlayer-never-use-it";

/// OmniAI sends the secret along, in a header whose name it does not document.
pub(crate) fn omniai_receiver() -> Result<Receiver, ConfigError> {
    let secret = Secret::new(OMNIAI_SECRET)?;
    Ok(Receiver::new(OmniAi::new("x-webhook-secret", secret)?))
}

/// AINexLayer signs the body; how it writes the signature, and the body's shape, are assumed here.
pub(crate) fn ainexlayer_receiver() -> Result<Receiver, ConfigError> {
    let sender = AiNexLayer::builder(Secret::new(AINEXLAYER_SECRET)?)
        .signature_header("x-ainexlayer-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .assumed_envelope()
        .build()?;
    Ok(Receiver::new(sender))
}
