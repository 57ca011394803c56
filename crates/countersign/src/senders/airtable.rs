//! [Airtable](https://airtable.com/developers/web/api/webhooks-overview).

use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Airtable](https://airtable.com/developers/web/api/webhooks-overview). The secret is the
/// `macSecretBase64` that the creation of the webhook returns.
///
/// A delivery only says that a base has changed, and at what time: the handler lists the payloads with
/// Airtable's API. The response deadline and the retries are not documented: the defaults apply.
pub const AIRTABLE: SenderSpec = SenderSpec::new(
    "airtable",
    "Airtable",
    "https://airtable.com/developers/web/api/webhooks-overview",
    scheme,
);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-airtable-content-mac", Encoding::Hex).prefix("hmac-sha256=");
    Scheme::hmac_sha256(config.name(), signature).base64_key("")
}
