//! Errors name the field at fault, and nothing of the body.

use std::collections::BTreeMap;

use countersign::scheme::BodyFormat;
use serde::Deserialize;
use serde_json::json;

use crate::{FORM, form, mismatch, receive, sender};

#[derive(Debug, Deserialize)]
struct Order {
    #[serde(rename = "data")]
    _data: Data,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(rename = "customerName")]
    _customer_name: Option<String>,
    #[serde(rename = "items")]
    _items: Vec<Item>,
    #[serde(default, rename = "byRegion")]
    _by_region: BTreeMap<String, Item>,
    #[serde(default, rename = "status")]
    _status: Option<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(rename = "price")]
    _price: u32,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only ever read in vain")]
enum Status {
    Open,
    Closed { by: u32 },
}

/// Returns the detail without its position.
#[track_caller]
fn json_mismatch<T: serde::de::DeserializeOwned>(body: &str) -> String {
    let detail = mismatch::<T>(&receive(&sender([BodyFormat::Json]), "application/json", body));
    let (what, position) = detail.split_once(", at line 1 column ").unwrap();
    assert!(position.bytes().all(|byte| byte.is_ascii_digit()), "{detail}");
    what.to_owned()
}

#[test]
fn the_path_of_a_json_value_is_named() {
    let of = |body: serde_json::Value| json_mismatch::<Order>(&json!({ "data": body }).to_string());
    let prices = json!({ "items": [{ "price": 1 }, { "price": 2 }, { "price": "many" }] });
    assert_eq!(of(prices), "the value of `data.items[2].price` does not fit");
    let nameless = json!({ "items": [], "customerName": 7 });
    assert_eq!(of(nameless), "the value of `data.customerName` does not fit");
    assert_eq!(of(json!({})), "it has no field `data.items`");
    // The name of the missing field occurs elsewhere in the body.
    assert_eq!(of(json!({ "price": 1, "items": [{}] })), "it has no field `data.items[0].price`");
    let unknown = json!({ "items": [{ "price": 1, "secret": 2 }] });
    assert_eq!(of(unknown), "`data.items[0]` has a field that the type does not have");
    assert_eq!(
        json_mismatch::<Order>(r#"{"data":{"items":[{"price":1,"price":2}]}}"#),
        "its field `data.items[0].price` is given twice"
    );
    let closed = json!({ "items": [], "status": { "Closed": { "by": "x" } } });
    assert_eq!(of(closed), "the value of `data.status.Closed.*` does not fit");
}

#[test]
fn the_path_into_the_content_of_a_tagged_enum_is_named() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", content = "data")]
    #[expect(dead_code, reason = "only ever read in vain")]
    enum Tagged {
        #[serde(rename = "order.paid")]
        Paid(Data),
        #[serde(rename = "scores")]
        Scores(BTreeMap<String, Item>),
    }

    assert_eq!(
        json_mismatch::<Tagged>(r#"{"type":"order.paid","data":{"items":[{"price":"x"}]}}"#),
        "the value of `data.items[0].price` does not fit"
    );
    assert_eq!(
        json_mismatch::<Tagged>(r#"{"type":"scores","data":{"alice":{"price":"x"}}}"#),
        "the value of `data.*.price` does not fit"
    );
}

#[test]
fn the_keys_of_a_map_are_hidden() {
    let body = json!({ "items": [], "byRegion": { "alice": { "price": "x" } } });
    assert_eq!(
        json_mismatch::<Order>(&json!({ "data": body }).to_string()),
        "the value of `data.byRegion.*.price` does not fit"
    );
    assert_eq!(
        json_mismatch::<BTreeMap<String, u8>>(r#"{"price":"x"}"#),
        "the value of `*` does not fit"
    );
}

/// A type that is decoded in two steps, as types with versions are.
#[derive(Debug)]
struct Versioned;

impl<'d> Deserialize<'d> for Versioned {
    fn deserialize<D: serde::Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        let document = serde_json::Value::deserialize(deserializer)?;
        serde_json::from_value::<Item>(document).map_err(serde::de::Error::custom)?;
        Ok(Self)
    }
}

#[test]
fn an_error_without_a_position_has_none() {
    let detail =
        |body: &str| mismatch::<Versioned>(&receive(&sender([BodyFormat::Json]), "", body));
    assert_eq!(detail(r#"{"price":"x"}"#), "a value does not fit");
    assert_eq!(detail("{}"), "it has no field `price`");
}

#[test]
fn a_document_that_is_not_json_is_described() {
    assert_eq!(json_mismatch::<Order>("data"), "it is not JSON");
    let delivery = receive(&sender([BodyFormat::Json]), "", "{\n  \"data\": x}");
    assert_eq!(mismatch::<Order>(&delivery), "it is not JSON, at line 2 column 11");
    assert_eq!(json_mismatch::<Order>(r#"{"data":"#), "JSON ends early");
    let utf16: Vec<u8> = r#"{"data":1}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_bom = [&b"\xff\xfe"[..], &utf16].concat();
    for body in [utf16, with_bom] {
        let delivery = receive(&sender([BodyFormat::Json]), "application/json", body);
        let detail = mismatch::<Order>(&delivery);
        assert!(detail.starts_with("it is UTF-16, and JSON is sent in UTF-8"), "{detail}");
    }
    let delivery = receive(&sender([BodyFormat::Json]), "", &b"{\"a\":\"\xff\"}"[..]);
    assert_eq!(mismatch::<Order>(&delivery), "it is not UTF-8");
}

#[test]
fn the_field_of_a_form_is_named() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Sms {
        #[serde(rename = "Body")]
        _body: String,
        #[serde(rename = "NumMedia")]
        _num_media: u32,
    }

    let detail = |body: &str| mismatch::<Sms>(&receive(&sender([BodyFormat::Form]), FORM, body));
    assert_eq!(detail("Body=a"), "it has no field `NumMedia`");
    assert_eq!(detail("Body=a&NumMedia=many"), "the value of `NumMedia` does not fit");
    assert_eq!(detail("Body=a&NumMedia=1&NumMedia=2"), "the value of `NumMedia` does not fit");
    assert_eq!(detail("Body=a&Body=b&NumMedia=2"), "the value of `Body` does not fit");
    let map =
        mismatch::<BTreeMap<String, u8>>(&receive(&sender([BodyFormat::Form]), FORM, "alice=x"));
    assert_eq!(map, "the value of `*` does not fit");
}

#[test]
fn raw_json_does_not_fit_a_field() {
    #[derive(Debug, Deserialize)]
    struct Raw {
        #[serde(rename = "text")]
        _text: countersign::RawJson,
    }

    let delivery = receive(&sender([BodyFormat::Form]), FORM, "text=1");
    let detail = mismatch::<Raw>(&delivery);
    assert_eq!(detail, "the value of `text` is a form's text, and `RawJson` fits JSON alone");
    let detail = mismatch::<countersign::RawJson>(&delivery);
    assert_eq!(detail, "a value is a form's text, and `RawJson` fits JSON alone");
}

/// A type whose error quotes the value, in the words of serde's own.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Quoting;

impl TryFrom<String> for Quoting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("missing field `{text}`"))
    }
}

#[test]
fn a_value_that_an_error_quotes_is_hidden() {
    for form in ["a=secret", "a=%73ecret"] {
        let delivery = receive(&sender([BodyFormat::Form]), FORM, form);
        let detail = mismatch::<BTreeMap<String, Quoting>>(&delivery);
        assert_eq!(detail, "the value of `*` does not fit", "{form}");
    }
}

#[test]
fn a_form_from_a_sender_of_json_names_the_setting() {
    // The content type is not signed, and may be any.
    let delivery = receive(&sender([BodyFormat::Json]), "text/plain", form(&[("payload", "{}")]));
    assert_eq!(
        mismatch::<Order>(&delivery),
        "it is not JSON, at line 1 column 1; the body begins as a form \
         (`application/x-www-form-urlencoded`), which `acme` is not declared to send: declare it with \
         `SchemeBuilder::body_formats` or `SenderConfig::with_body_formats`"
    );
    let delivery = receive(&sender([BodyFormat::Form]), "", "{}");
    assert!(
        mismatch::<Order>(&delivery)
            .contains("the body begins as JSON, which `acme` is not declared to send")
    );
}
