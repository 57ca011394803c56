//! The handshakes of well-known senders.

use super::challenge::Challenge;
use super::unsigned_challenge::{
    ChallengeCondition, ChallengeResponse, ChallengeSource, UnsignedChallenge,
};

/// The handshakes of well-known senders.
///
/// Those of the catalogue's senders are part of the catalogue. The others are for a
/// [`Custom`](super::Custom) sender:
///
/// ```
/// use countersign::scheme::Scheme;
/// use countersign::senders::{Challenge, Custom, Handshake};
///
/// // Microsoft Graph signs nothing: the handler compares `clientState` with its own.
/// let scheme = Scheme::danger_unauthenticated("microsoft-graph").build()?;
/// let graph = Custom::danger_unauthenticated(scheme)?
///     .with_handshake(Handshake::new(Challenge::MICROSOFT_GRAPH).answer_unsigned_handshakes());
/// # Ok::<(), countersign::ConfigError>(())
/// ```
impl Challenge {
    /// [WooCommerce](https://github.com/woocommerce/woocommerce): a form with `webhook_id` alone and no
    /// header of a delivery, when a webhook is saved.
    pub const WOOCOMMERCE: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::FormNumber("webhook_id"),
            ChallengeResponse::Empty,
        )
        .only_if(&[ChallengeCondition::NoHeaderPrefix("x-wc-")]),
    );

    /// [Microsoft Graph](https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks):
    /// `POST` with `validationToken` in the query and an empty body.
    pub const MICROSOFT_GRAPH: Self = Self::Unsigned(
        UnsignedChallenge::post(ChallengeSource::Query("validationToken"), ChallengeResponse::Text)
            .only_if(&[ChallengeCondition::EmptyBody]),
    );

    /// [monday.com](https://developer.monday.com/api-reference/docs/webhooks#url-verification): `POST` with
    /// `{"challenge":"…"}`, which expects the same JSON.
    pub const MONDAY: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::Field("/challenge"),
            ChallengeResponse::Json("challenge"),
        )
        .only_if(&[ChallengeCondition::OnlyField("challenge")]),
    );

    /// [Asana](https://developers.asana.com/reference/createwebhook): `POST` with the secret of later
    /// deliveries in `X-Hook-Secret`, which expects the same header.
    pub const ASANA: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::Header("x-hook-secret"),
            ChallengeResponse::Header("x-hook-secret"),
        )
        .brings_secret(),
    );

    /// [Notion](https://developers.notion.com/reference/webhooks): `POST` with the secret of later
    /// deliveries in `verification_token`, signed with it.
    pub const NOTION: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::Field("/verification_token"),
            ChallengeResponse::Empty,
        )
        .brings_own_secret(),
    );

    /// [RingCentral](https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks):
    /// `POST` with `Validation-Token` and an empty body, which expects the same header.
    pub const RINGCENTRAL: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::Header("validation-token"),
            ChallengeResponse::Header("validation-token"),
        )
        .only_if(&[ChallengeCondition::EmptyBody]),
    );

    /// [Azure Event Grid](https://learn.microsoft.com/en-us/azure/event-grid/webhook-event-delivery) in its
    /// own schema: `POST` with one validation event, which expects its code.
    pub const EVENT_GRID: Self = Self::Unsigned(
        UnsignedChallenge::post(
            ChallengeSource::Field("/0/data/validationCode"),
            ChallengeResponse::Json("validationResponse"),
        )
        .only_if(&[
            ChallengeCondition::Header { name: "aeg-event-type", value: "SubscriptionValidation" },
            ChallengeCondition::OnlyItem,
            ChallengeCondition::Field {
                pointer: "/0/eventType",
                value: "Microsoft.EventGrid.SubscriptionValidationEvent",
            },
        ]),
    );

    /// [X](https://docs.x.com/x-api/webhooks/introduction): `GET` with `crc_token`, whose HMAC is expected.
    pub const X: Self = Self::QueryHmac { parameter: "crc_token", field: "response_token" };

    /// [Smartsheet](https://developers.smartsheet.com/api/smartsheet/guides/webhooks): `POST` with
    /// `Smartsheet-Hook-Challenge`, which expects `Smartsheet-Hook-Response`.
    pub const SMARTSHEET: Self = Self::Unsigned(UnsignedChallenge::post(
        ChallengeSource::Header("smartsheet-hook-challenge"),
        ChallengeResponse::Header("smartsheet-hook-response"),
    ));

    /// [Adobe Acrobat Sign](https://opensource.adobe.com/acrobat-sign/developer_guide/webhookapis.html):
    /// `GET` with the application's client id in a header, which expects the same header.
    ///
    /// Adobe Sign expects the header in the response to each notification too, where the handler sets it.
    pub const ADOBE_SIGN: Self = Self::Unsigned(UnsignedChallenge::get(
        ChallengeSource::Header("x-adobesign-clientid"),
        ChallengeResponse::Header("x-adobesign-clientid"),
    ));
}
