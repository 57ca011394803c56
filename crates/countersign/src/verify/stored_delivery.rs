//! A delivery that is stored and made again.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::crypto::encoding::{base64, decode_base64_secret};
use crate::time::Timestamp;
use crate::verify::claimed_as::{ClaimedAs, Redelivery};
use crate::verify::header_text::HeaderText;
use crate::verify::signed_content::SignedContent;
use crate::verify::{Delivery, Verifier};

/// What is known of a delivery beside its body, as it is stored.
#[derive(Deserialize, Serialize)]
pub(crate) struct StoredDelivery {
    /// The name of the key that verified the request.
    key: Box<str>,
    /// Milliseconds since the Unix epoch.
    received: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_type: Option<Box<str>>,
    /// The digest of signed content that is not the body itself, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Box<str>>,
    /// The signed query, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<Box<str>>,
}

impl From<&Delivery> for StoredDelivery {
    fn from(delivery: &Delivery) -> Self {
        let signed = delivery.signed.as_deref();
        let event_type = delivery.header_type.as_deref();
        Self {
            key: delivery.key_name().into(),
            received: delivery.received.as_millis(),
            timestamp: delivery.timestamp.map(Timestamp::as_millis),
            id: delivery.header_id.as_ref().map(|id| id.as_cow().into()),
            event_type: event_type.map(|text| String::from_utf8_lossy(text).into()),
            digest: signed.map(|signed| base64(&signed.digest).into()),
            query: signed.and_then(|signed| signed.query.as_deref()).map(|q| base64(q).into()),
        }
    }
}

impl StoredDelivery {
    /// Makes the delivery again; `None` if what is stored is malformed.
    pub(crate) fn redeliver(
        self,
        verifier: &Arc<Verifier>,
        body: Bytes,
        mut redelivery: Redelivery,
    ) -> Option<Delivery> {
        let decode = |text: Box<str>| decode_base64_secret(text.as_bytes());
        let query = match self.query.map(decode) {
            Some(query) => Some(Bytes::from(query?)),
            None => None,
        };
        let signed = match self.digest.map(decode) {
            Some(digest) => {
                Some(Box::new(SignedContent { digest: digest?.try_into().ok()?, query }))
            }
            None => None,
        };
        let key = verifier.key_number(&self.key).unwrap_or_default();
        redelivery.key_name = self.key;
        Some(Delivery {
            verifier: Arc::clone(verifier),
            key,
            received: Timestamp::from_millis(self.received),
            timestamp: self.timestamp.map(Timestamp::from_millis),
            header_id: self.id.map(|id| HeaderText::from(id.as_bytes())),
            header_type: self.event_type.map(|text| text.into_boxed_bytes().into()),
            signed,
            body,
            decoded: OnceLock::new(),
            named_fields: OnceLock::new(),
            item_claims: None,
            claimed_as: ClaimedAs::Message(Box::new(redelivery)),
        })
    }
}
