//! One delivery over a connection of its own, as a sender of Standard Webhooks makes it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::time::{Clock, SystemClock};
use countersign::{Secret, StandardWebhooks};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn sender() -> StandardWebhooks {
    StandardWebhooks::new(Secret::new(SECRET).unwrap()).unwrap()
}

/// The body of the event of this id.
pub(crate) fn body(id: &str) -> String {
    format!(r#"{{"id":"{id}"}}"#)
}

/// The answer, head and body, if there is one.
pub(crate) fn post(to: SocketAddr, id: &str) -> Option<String> {
    let body = body(id);
    let signed = SigningRequest::new(body.as_bytes()).id(id).timestamp(SystemClock.now());
    let secret = Secret::new(SECRET).unwrap();
    let mut request = format!(
        "POST / HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in signed.sign(sender().verifier().scheme(), &secret).unwrap() {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 ").then_some(answer)
}

/// The status that an answer begins with.
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
