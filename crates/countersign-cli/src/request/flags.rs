//! Checks headers and URLs that flags give.

use http::{HeaderName, HeaderValue};

use crate::error::CliError;

/// Parses the headers that flags give, each as `name: value`.
pub(crate) fn header_flags(flags: &[String]) -> Result<Vec<(String, String)>, CliError> {
    let invalid = |hint: &str| CliError::at("`--request-header`", hint);
    let parse = |flag: &String| {
        let parts = flag.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let (name, value) = parts
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| invalid("is not `name: value`: separate the two by a colon"))?;
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(invalid("has an invalid name: use letters, digits and hyphens"));
        }
        if !is_header_value(value) {
            return Err(invalid("has an invalid value: remove line breaks and control characters"));
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    flags.iter().map(parse).collect()
}

/// Returns whether a text is a valid header value.
pub(crate) fn is_header_value(text: &str) -> bool {
    HeaderValue::from_bytes(text.as_bytes()).is_ok()
}

/// Rejects a URL with an invalid port, which the client would replace by the default port.
pub(crate) fn check_port(location: &str, url: Option<&str>) -> Result<(), CliError> {
    let Some((_, rest)) = url.and_then(|url| url.split_once("://")) else { return Ok(()) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // An IPv6 address has colons of its own, in brackets.
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port).rsplit_once(':');
    match port {
        Some((_, port)) if !port.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            Ok(())
        }
        // The default port, with or without a colon.
        None | Some((_, "")) => Ok(()),
        Some((_, port)) if port.len() <= 8 && port.bytes().all(|digit| digit.is_ascii_digit()) => {
            Err(CliError::at(location, format_args!("has the port {port}: ports are 1 to 65535")))
        }
        Some(_) => {
            Err(CliError::at(location, "has a port that is not a number: ports are 1 to 65535"))
        }
    }
}
