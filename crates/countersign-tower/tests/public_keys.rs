//! A sender whose algorithm needs a disabled feature fails to configure, with an error that names the
//! feature.
//!
//! Run this with `-p countersign-tower` to disable the features: the whole workspace enables them.

#![allow(clippy::unwrap_used)]

use countersign_tower::senders::{DISCORD, SENDGRID, STANDARD_WEBHOOKS_V1A, SenderSpec};
use countersign_tower::{ConfigErrorKind, Secret};

const ED25519: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const V1A: &str = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jN61iJ4jlADLjma9/lK7LGbBrGIU16VVuQ14uYA1RjSF2HhLMnD5HLjZxPRExn1yx/aS3NJIgOkql1WSl1Yyw==";

#[track_caller]
fn is_ready_or_names(feature: &str, is_on: bool, sender: SenderSpec, key: &str) {
    match sender.keys(Secret::new(key).unwrap()) {
        Ok(_) => {}
        Err(error) => {
            assert!(!is_on, "{error}");
            assert_eq!(error.kind(), ConfigErrorKind::MissingSetting, "{error}");
            assert!(error.to_string().contains(&format!("feature `{feature}`")), "{error}");
        }
    }
}

#[test]
fn a_sender_without_its_feature_names_it() {
    let (ed25519, p256) = (cfg!(feature = "ed25519"), cfg!(feature = "p256"));
    is_ready_or_names("ed25519", ed25519, DISCORD, ED25519);
    is_ready_or_names("ed25519", ed25519, STANDARD_WEBHOOKS_V1A, V1A);
    is_ready_or_names("p256", p256, SENDGRID, P256);
}
