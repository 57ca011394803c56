//! `sign`: prints a request as a sender sends it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::Algorithm;
use http::Uri;
use serde_json::json;

use super::common::time;
use crate::args::SignArgs;
use crate::error::CliError;
use crate::output::{ExitStatus, Output, note};
use crate::request;
use crate::secrets;
use crate::sender::{SenderChoice, Settings};
use crate::signing::{PreparedRequest, Signer};

pub(super) fn run(args: &SignArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let who = SenderChoice::required(&args.sender)?;
    let is_stdin_taken = args.body_file.as_deref().is_some_and(request::is_stdin);
    let secret = secrets::signing(&secrets::read(&args.secrets, is_stdin_taken)?)?;
    let now = time(args.now.as_deref())?;
    let body = request::body(args.body.as_deref(), args.body_file.as_deref())?.unwrap_or_default();
    let target = args.to.as_deref().or(args.sender.url.as_deref());
    let headers = request::header_flags(&args.headers)?;
    request::check_port("`--to`", args.to.as_deref())?;
    request::check_port("`--url`", args.sender.url.as_deref())?;
    if args.id.as_deref().is_some_and(|id| !request::is_header_value(id)) {
        let hint = "is not a valid header value: remove line breaks and control characters";
        return Err(CliError::at("`--id`", hint));
    }
    let mut settings = Settings::from_args(&args.sender);
    if let Some(method) = &args.method {
        settings = who.delivering_by(method, settings)?;
    }
    let signer = Signer::new(&who, settings, secret, headers, target)?;
    let id = args.id.clone().unwrap_or_else(|| format!("evt_{}", now.as_millis()));
    let mut ready = signer.sign(&body, &id, now)?;
    if signer.scheme().algorithm() == Algorithm::StaticToken && !args.danger_print_secret {
        hide(&mut ready, args);
    }
    let target = Target::new(target.unwrap_or("https://example.com/"), ready.query.as_deref())?;
    let method = signer.scheme().method();
    if output.is_json() {
        output.json(&as_json(&ready, &target, method))?;
    } else if args.curl {
        output.line(&as_curl(&ready, &target, method, args))?;
    } else {
        output.bytes(&as_http(&ready, &target, method))?;
    }
    Ok(ExitStatus::Success)
}

/// The placeholder for the secret of a sender that sends the secret itself.
const HIDDEN: &str = "<the secret>";

fn hide(ready: &mut PreparedRequest, args: &SignArgs) {
    let Some(name) = ready.secret_header.clone() else { return };
    let prefix = args.sender.prefix.clone().unwrap_or_default();
    for (header, value) in &mut ready.headers {
        if *header == name {
            *value = format!("{prefix}{HIDDEN}");
        }
    }
    note(&format!(
        "header `{name}` contains the secret itself, which is not printed; `send` sends it, and `--danger-print-secret` prints it"
    ));
}

/// The target of the request.
struct Target {
    host: String,
    /// Path and query.
    path: String,
    url: String,
}

impl Target {
    fn new(url: &str, query: Option<&str>) -> Result<Self, CliError> {
        let base = url.split(['?', '#']).next().unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The user and the password are not part of the host, and are not printed.
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let url = format!("{scheme}://{host}/{path}{query}");
        if url.parse::<Uri>().is_err() {
            return Err(CliError::at(
                "the URL",
                "is not a URL: use one like https://example.com/webhooks",
            ));
        }
        Ok(Self { host: host.to_owned(), path: format!("/{path}{query}"), url })
    }
}

fn as_http(ready: &PreparedRequest, target: &Target, method: &str) -> Vec<u8> {
    let mut text = format!("{method} {} HTTP/1.1\r\nhost: {}\r\n", target.path, target.host);
    for (name, value) in &ready.headers {
        text += &format!("{name}: {value}\r\n");
    }
    if method == "POST" || !ready.body.is_empty() {
        text += &format!("content-length: {}\r\n", ready.body.len());
    }
    text += "\r\n";
    [text.as_bytes(), &ready.body].concat()
}

fn as_curl(ready: &PreparedRequest, target: &Target, method: &str, args: &SignArgs) -> String {
    let mut line = format!("curl -X {method} {}", request::quoted(target.url.as_bytes()));
    for (name, value) in &ready.headers {
        let header = format!("{name}: {value}");
        // The shell inserts a secret from the environment.
        let placeholder = header.strip_suffix(HIDDEN).zip(variable(args));
        let word = match placeholder {
            Some((start, variable)) => {
                format!("{}\"${{{variable}}}\"", request::quoted(start.as_bytes()))
            }
            None => request::quoted(header.as_bytes()),
        };
        line += &format!(" \\\n  -H {word}");
    }
    if method == "POST" || !ready.body.is_empty() {
        line += &format!(" \\\n  --data-binary {}", request::quoted(&ready.body));
    }
    line
}

/// Returns the environment variable of the secret.
fn variable(args: &SignArgs) -> Option<&str> {
    let text = args.secrets.secret_env.first()?;
    Some(text.split_once('=').map_or(text.as_str(), |(_, variable)| variable))
}

fn as_json(ready: &PreparedRequest, target: &Target, method: &str) -> serde_json::Value {
    let mut request = json!({ "method": method, "url": target.url, "headers": ready.headers });
    let (name, body) = match std::str::from_utf8(&ready.body) {
        Ok(text) => ("body", text.to_owned()),
        Err(_) => ("body_b64", STANDARD.encode(&ready.body)),
    };
    if let Some(fields) = request.as_object_mut() {
        fields.insert(name.to_owned(), body.into());
    }
    request
}
