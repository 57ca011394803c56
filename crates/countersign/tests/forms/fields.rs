//! Forms whose fields are the event: Twilio, and senders of the user's own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use countersign::scheme::BodyFormat;
use countersign::senders;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{FORM, decode, form, receive, secret, sender};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Received,
    PartiallyDelivered,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Sms {
    message_sid: String,
    from: String,
    body: String,
    num_media: u32,
    latitude: Option<f64>,
    sms_status: Status,
    #[serde(default)]
    tag: Vec<String>,
}

/// <https://www.twilio.com/docs/messaging/guides/webhook-request>
#[test]
fn twilio_sends_an_sms_as_fields() {
    let twilio = senders::TWILIO.config().with_public_url("https://example.com/sms");
    let twilio = twilio.keys(secret()).unwrap();
    let body = form(&[
        ("MessageSid", "SM1"),
        ("From", "+15005550006"),
        ("Body", "50 % & more é"),
        ("NumMedia", "2"),
        ("Latitude", "37.5"),
        ("SmsStatus", "received"),
    ]);
    let sms: Sms = receive(&twilio, FORM, body).event().unwrap();
    assert_eq!(
        sms,
        Sms {
            message_sid: "SM1".into(),
            from: "+15005550006".into(),
            body: "50 % & more é".into(),
            num_media: 2,
            latitude: Some(37.5),
            sms_status: Status::Received,
            tag: Vec::new(),
        }
    );
}

#[test]
fn text_becomes_numbers_booleans_lists_options_and_enums() {
    let of = |body: &str| decode::<BTreeMap<String, Value>>([BodyFormat::Form], body);
    assert_eq!(
        of("a=1&b=x%20y+z"),
        BTreeMap::from([("a".into(), json!("1")), ("b".into(), json!("x y z"))])
    );

    #[derive(Debug, Deserialize, PartialEq)]
    struct Fields<'d> {
        small: i8,
        float: f32,
        yes: bool,
        no: bool,
        absent: Option<u8>,
        empty: Option<u8>,
        text: Option<String>,
        one: Vec<u8>,
        many: Vec<u8>,
        status: Status,
        borrowed: Cow<'d, str>,
    }
    let body = "small=-5&float=1.5&yes=true&no=false&empty=&text=&one=1&many=1&many=2&status=partially-delivered&borrowed=b&other=1";
    let delivery = receive(&sender([BodyFormat::Form]), FORM, body);
    let fields: Fields<'_> = delivery.event().unwrap();
    assert_eq!(
        fields,
        Fields {
            small: -5,
            float: 1.5,
            yes: true,
            no: false,
            absent: None,
            empty: None,
            text: Some(String::new()),
            one: vec![1],
            many: vec![1, 2],
            status: Status::PartiallyDelivered,
            borrowed: "b".into(),
        }
    );
}

#[test]
fn fields_become_maps_pairs_and_values() {
    let map: HashMap<String, String> = decode([BodyFormat::Form], "a=1&b=%C3%A9&c");
    assert_eq!(map, [("a", "1"), ("b", "é"), ("c", "")].map(|(k, v)| (k.into(), v.into())).into());
    let pairs: Vec<(String, String)> = decode([BodyFormat::Form], "a=1&a=2&&b==");
    assert_eq!(pairs, [("a", "1"), ("a", "2"), ("b", "=")].map(|(k, v)| (k.into(), v.into())));
    let value: Value = decode([BodyFormat::Form], "a=1&a=2&b=");
    assert_eq!(value, json!({ "a": ["1", "2"], "b": "" }));
    let empty: HashMap<String, String> = decode([BodyFormat::Form], "");
    assert!(empty.is_empty());
}

#[test]
fn a_pointer_finds_a_field_that_is_given_once() {
    let acme = sender([BodyFormat::Form]);
    let id = |body: &str| receive(&acme, FORM, body).signed_id().map(Cow::into_owned);
    assert_eq!(id("type=a&id=SM%2B1+2").as_deref(), Some("SM+1 2"));
    assert_eq!(id("i%64=SM1").as_deref(), Some("SM1"));
    for without in ["", "id", "id=", "ID=1", "id=1&id=1", "id=1&i%64=2", "id=%", "id=%ff"] {
        assert_eq!(id(without), None, "{without}");
    }
    assert_eq!(
        receive(&acme, FORM, "type=sms.received").event_type().as_deref(),
        Some("sms.received")
    );
}

/// Bytes can move between the fields that Twilio signs, which have no separators.
#[test]
fn a_field_of_a_form_that_is_signed_without_separators_is_not_a_signed_id() {
    use countersign::Custom;
    use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation};

    let url = Part::UrlAndForm("https://example.com/sms".into());
    let scheme = Scheme::hmac_sha1("acme", SignatureLocation::header("x-acme", Encoding::Base64))
        .signs([url])
        .id_field("/MessageSid");
    let acme = Custom::new(scheme.build().unwrap(), secret()).unwrap();
    let delivery = receive(&acme, FORM, "MessageSid=SM1&NumMedia=0");
    assert_eq!(delivery.unverified_id().as_deref(), Some("SM1"));
    assert_eq!(delivery.signed_id(), None);
}

#[test]
fn the_signed_fields_of_a_form_are_not_supported() {
    use countersign::ConfigErrorKind;
    use countersign::scheme::{Encoding, Field, Scheme};

    let build = |formats: &[BodyFormat]| {
        let fields = [Field::new("/amount")];
        Scheme::hmac_sha256_of_fields("acme", "/signature", Encoding::Hex, fields)
            .body_formats(formats.to_vec())
            .build()
    };
    assert_eq!(build(&[BodyFormat::Json]).unwrap().body_formats(), [BodyFormat::Json]);
    let error = build(&[BodyFormat::Json, BodyFormat::Form]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme);
    assert!(error.to_string().contains("the fields of a form cannot be signed"), "{error}");
}

#[test]
fn a_scheme_that_signs_a_form_expects_forms() {
    use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation};

    let signature = SignatureLocation::header("x-acme", Encoding::Base64);
    let scheme = Scheme::hmac_sha1("acme", signature.clone())
        .signs([Part::UrlAndForm("https://example.com/sms".into())]);
    assert_eq!(scheme.build().unwrap().body_formats(), [BodyFormat::Form, BodyFormat::Json]);
    let scheme = Scheme::hmac_sha1("acme", signature);
    assert_eq!(scheme.build().unwrap().body_formats(), [BodyFormat::Json]);
}
