//! The sender's side of a socket, which controls every byte or frame.

mod h1;
mod h2;

use std::net::SocketAddr;

use crate::case::Protocol;
use crate::request::Request;

/// A request with its final headers.
pub(crate) struct Outgoing<'r> {
    pub(crate) request: &'r Request,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// What the sender received.
#[derive(Debug)]
pub(crate) enum Incoming {
    Response(Received),
    /// The connection or stream ended without a whole response.
    Gone,
}

#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether `100 Continue` was received first.
    pub(crate) continued: bool,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }
}

pub(crate) enum Connection {
    H1(h1::Connection),
    H2(h2::Connection),
}

impl Connection {
    pub(crate) async fn open(protocol: Protocol, address: SocketAddr) -> Self {
        match protocol {
            Protocol::Http1 => Self::H1(h1::Connection::open(address).await),
            Protocol::Http2 => Self::H2(h2::Connection::open(address).await),
        }
    }

    /// Sends all requests at once, as far as possible before a response.
    pub(crate) async fn send(&mut self, requests: &[Outgoing<'_>]) {
        match self {
            Self::H1(connection) => connection.send(requests).await,
            Self::H2(connection) => connection.send(requests).await,
        }
    }

    /// Receives the response to the first request without one.
    pub(crate) async fn response(&mut self) -> Incoming {
        match self {
            Self::H1(connection) => connection.response().await,
            Self::H2(connection) => connection.response().await,
        }
    }
}
