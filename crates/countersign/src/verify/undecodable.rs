//! The rejection of a body that cannot be decoded.

use crate::error::{Rejection, RejectionKind};

/// Returns the rejection of a body that does not fit the type it is decoded as.
///
/// The rejection holds nothing of the body. The messages of serde, and of a type's own code, may quote
/// it, so all that is kept of a message is the name of a field or event of the receiver's own types:
/// a name that occurs nowhere in the body.
pub(super) fn undecodable(error: &serde_json::Error, body: &[u8]) -> Rejection {
    let message = error.to_string();
    let own = |start| own_name(message.rsplit_once(start)?.1, body);
    let what = if let Some(field) = own("missing field `") {
        format!("it has no field `{field}`")
    } else if let Some(event) = own("expected the event `") {
        format!("it is not the event `{event}`")
    } else {
        match error.classify() {
            serde_json::error::Category::Syntax => "not JSON".to_owned(),
            serde_json::error::Category::Eof => "JSON ends early".to_owned(),
            _ if message.starts_with("duplicate field ") => "a field is given twice".to_owned(),
            _ => "a value does not fit".to_owned(),
        }
    };
    let detail = format!("{what}, at line {} column {}", error.line(), error.column());
    Rejection::new(RejectionKind::Undecodable).with_detail(detail)
}

/// Returns the text before the next backtick, if that is a name and does not occur in `body`.
fn own_name<'m>(text: &'m str, body: &[u8]) -> Option<&'m str> {
    let (name, _) = text.split_once('`')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let is_own = memchr::memmem::find(body, name.as_bytes()).is_none();
    (!name.is_empty() && name.bytes().all(is_plain) && is_own).then_some(name)
}
