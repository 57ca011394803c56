//! Deliveries as a sender of Standard Webhooks makes them, each over a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::time::{Clock, SystemClock};
use countersign::{Secret, StandardWebhooks};

/// The secret that the sender and the receiver share.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the sender of the deliveries.
#[must_use]
pub fn sender() -> StandardWebhooks {
    StandardWebhooks::new(Secret::new(SECRET).unwrap()).unwrap()
}

/// Returns the body of the event with this id.
#[must_use]
pub fn body(id: &str) -> String {
    format!(r#"{{"id":"{id}"}}"#)
}

/// Delivers the event, and returns the head and the body of the response; `None` without a response.
#[must_use]
pub fn post(to: SocketAddr, id: &str) -> Option<String> {
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
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    response.starts_with("HTTP/1.1 ").then_some(response)
}

/// Returns the status of a response.
#[must_use]
pub fn status(response: &str) -> u16 {
    response.split(' ').nth(1).unwrap().parse().unwrap()
}
