//! The two senders: their secrets and their signatures. Shared by both frameworks.

use countersign::ainexlayer::AiNexLayer;
use countersign::omniai::OmniAi;
use countersign::scheme::Encoding;
use countersign::{ConfigError, Receiver, Secret};

// A real service reads its secrets with `Secret::from_env` or `Secret::from_file`.
pub(crate) const OMNIAI_SECRET: &str = "demo-secret-of-omniai-never-use-it";
pub(crate) const AINEXLAYER_SECRET: &str = "demo-secret-of-ainexlayer-never-use-it";

/// Receives from OmniAI, which sends the secret in a header whose name it does not document.
pub(crate) fn omniai_receiver() -> Result<Receiver, ConfigError> {
    let secret = Secret::new(OMNIAI_SECRET)?;
    Ok(Receiver::new(OmniAi::new("x-webhook-secret", secret)?))
}

/// Receives from AINexLayer, which signs the body. The format of the signature and the layout of the
/// body are assumptions.
pub(crate) fn ainexlayer_receiver() -> Result<Receiver, ConfigError> {
    let sender = AiNexLayer::builder(Secret::new(AINEXLAYER_SECRET)?)
        .signature_header("x-ainexlayer-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .assumed_envelope()
        .build()?;
    Ok(Receiver::new(sender))
}
