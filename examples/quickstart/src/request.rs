//! Requests of the two senders, and forged ones.

use std::fmt::Write as _;
use std::net::SocketAddr;

use countersign::scheme::SigningRequest;
use countersign::time::{Clock, SystemClock};
use countersign::{Receiver, Secret, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Result;
use crate::senders::{AINEXLAYER_SECRET, OMNIAI_SECRET, ainexlayer_receiver, omniai_receiver};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sender {
    OmniAi,
    AiNexLayer,
}

impl Sender {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OmniAi => "OmniAI",
            Self::AiNexLayer => "AINexLayer",
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::OmniAi => "/webhooks/omniai",
            Self::AiNexLayer => "/webhooks/ainexlayer",
        }
    }

    const fn secret(self) -> &'static str {
        match self {
            Self::OmniAi => OMNIAI_SECRET,
            Self::AiNexLayer => AINEXLAYER_SECRET,
        }
    }

    fn receiver(self) -> Result<Receiver> {
        Ok(match self {
            Self::OmniAi => omniai_receiver()?,
            Self::AiNexLayer => ainexlayer_receiver()?,
        })
    }
}

/// One webhook request.
#[derive(Clone, Debug)]
pub(crate) struct WebhookRequest {
    pub(crate) sender: Sender,
    pub(crate) description: String,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
}

/// How the body is framed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// With a `content-length`.
    Whole,
    /// With this `content-length`, and no body.
    Withheld(u64),
    /// In chunks, without an end.
    Endless,
}

impl WebhookRequest {
    /// A request of OmniAI with this body.
    pub(crate) fn omniai(description: &str, body: impl Into<Vec<u8>>) -> Result<Self> {
        Self::signed(Sender::OmniAi, Sender::OmniAi.secret(), description, body.into())
    }

    /// A request of AINexLayer, signed now.
    pub(crate) fn ainexlayer(event: &str, id: &str, data: &str) -> Result<Self> {
        Self::ainexlayer_at(SystemClock.now(), event, id, data)
    }

    pub(crate) fn ainexlayer_at(at: Timestamp, event: &str, id: &str, data: &str) -> Result<Self> {
        let at = rfc3339(at)?;
        let body = format!(r#"{{"id":"{id}","event":"{event}","timestamp":"{at}","data":{data}}}"#);
        let sender = Sender::AiNexLayer;
        Self::signed(sender, sender.secret(), event, body.into_bytes())
    }

    /// The same request, signed with another secret.
    pub(crate) fn resigned(self, secret: &str) -> Result<Self> {
        Self::signed(self.sender, secret, &self.description, self.body)
    }

    fn signed(sender: Sender, secret: &str, description: &str, body: Vec<u8>) -> Result<Self> {
        let receiver = sender.receiver()?;
        let mut headers =
            SigningRequest::new(&body).sign(receiver.scheme(), &Secret::new(secret)?)?;
        headers.push(("content-type".into(), "application/json".into()));
        let description = description.into();
        Ok(Self { sender, description, method: "POST", headers, body, framing: Framing::Whole })
    }

    pub(crate) fn described(mut self, description: &str) -> Self {
        self.description = description.into();
        self
    }

    pub(crate) const fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) const fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Replaces the body and keeps the headers.
    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces one word of the body and keeps the signature.
    pub(crate) fn tampered(self) -> Result<Self> {
        let body = String::from_utf8(self.body.clone())?.replace("research", "finances");
        Ok(self.with_body(body))
    }

    /// The request as a shell command.
    pub(crate) fn curl(&self, address: SocketAddr) -> String {
        let mut line = format!("curl -i http://{address}{}", self.sender.path());
        for (name, value) in &self.headers {
            let written = write!(line, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        line + " \\\n  --data-binary " + &quoted(&String::from_utf8_lossy(&self.body))
    }
}

/// Quotes the text as one word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(crate) fn rfc3339(at: Timestamp) -> Result<String> {
    let secs = i64::try_from(at.as_secs())?;
    Ok(OffsetDateTime::from_unix_timestamp(secs)?.format(&Rfc3339)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_commands_are_quoted_for_a_shell() {
        let request = WebhookRequest::omniai("", r#"{"event":"lead's"}"#).unwrap();
        let line = request.curl(SocketAddr::from(([127, 0, 0, 1], 80)));
        assert!(line.starts_with("curl -i http://127.0.0.1:80/webhooks/omniai \\\n"));
        assert!(line.contains(" -H 'x-webhook-secret: demo-secret-of-omniai-never-use-it' "));
        assert!(line.ends_with(r#" --data-binary '{"event":"lead'\''s"}'"#));
    }
}
