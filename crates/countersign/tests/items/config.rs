//! Settings of items that are rejected.

use countersign::scheme::{Encoding, Field, Items, Scheme, SchemeBuilder, SignatureLocation};
use countersign::{ConfigError, ConfigErrorKind};

fn signed() -> SchemeBuilder {
    Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
}

#[track_caller]
fn rejected(items: Items) -> ConfigError {
    signed().items(items).build().unwrap_err()
}

#[test]
fn malformed_pointers_are_rejected() {
    for items in [
        Items::at("events/*"),
        Items::at(""),
        Items::at("/*").id(["id"]),
        Items::at("/*").optional([""]),
        Items::at("/*").without(["/~"]),
        Items::at("/*").event_type("type"),
        Items::at("/*").and_at("x"),
    ] {
        assert_eq!(rejected(items).kind(), ConfigErrorKind::InvalidPointer);
    }
}

#[test]
fn only_fields_of_what_encloses_an_item_are_around_it() {
    for place in ["/x/*/id", "/e/*/c/*/id", "/e/*", "/e/*/c/*/d/*/id"] {
        let error = rejected(Items::at("/e/*/c/*").within([place]));
        assert_eq!(error.kind(), ConfigErrorKind::InvalidPointer, "{place}");
        assert_eq!(
            error.to_string(),
            format!(
                "`{place}` is not a field around the items at `/e/*/c/*`: begin it with the place of a list element that encloses them"
            )
        );
    }
    signed().items(Items::at("/e/*/c/*").within(["/e/*/id", "/object"])).build().unwrap();
}

#[test]
fn a_list_of_items_of_which_only_fields_are_signed_is_rejected() {
    let fields =
        || Scheme::hmac_sha256_of_fields("acme", "/s", Encoding::Hex, [Field::new("/e/0/id")]);
    for items in [Items::at("/e/*"), Items::at("/e/0").and_at("/e/1")] {
        let error = fields().items(items).build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme);
    }
    fields().items(Items::at("/e/0")).build().unwrap();
}
