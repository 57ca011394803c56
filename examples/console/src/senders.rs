//! The two senders: their receivers and their secrets.

use countersign::ainexlayer::AiNexLayer;
use countersign::omniai::OmniAi;
use countersign::scheme::Encoding;
use countersign::{ConfigError, Receiver, Secret};

pub(crate) const OMNIAI_PATH: &str = "/webhooks/omniai";
pub(crate) const AINEXLAYER_PATH: &str = "/webhooks/ainexlayer";

// A real service reads its secrets with `Secret::from_env` or `Secret::from_file`.
pub(crate) const OMNIAI_SECRET: &str = "demo-secret-of-omniai-never-use-it";
pub(crate) const AINEXLAYER_SECRET: &str = "demo-secret-of-ainexlayer-never-use-it";

pub(crate) fn omniai() -> Result<Receiver, ConfigError> {
    let sender = OmniAi::new("x-webhook-secret", Secret::new(OMNIAI_SECRET)?)?;
    Receiver::builder(sender).endpoint("omniai").build()
}

pub(crate) fn ainexlayer() -> Result<Receiver, ConfigError> {
    let sender = AiNexLayer::builder(Secret::new(AINEXLAYER_SECRET)?)
        .signature_header("x-ainexlayer-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .assumed_envelope()
        .build()?;
    Receiver::builder(sender).endpoint("ainexlayer").build()
}
