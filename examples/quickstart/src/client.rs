//! The sender's side: real HTTP over TCP, one connection per delivery.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Request;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::client::conn::http1;
use hyper::header::{HOST, RETRY_AFTER};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::request::{Framing, WebhookRequest};

const CHUNK: usize = 64 * 1024;

/// The response that the sender received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// In seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Sends `request`. Dropping the future disconnects.
pub(crate) async fn send(address: SocketAddr, request: WebhookRequest) -> Result<Response> {
    let stream = TcpStream::connect(address).await?;
    let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // A `JoinSet` aborts its tasks when it is dropped.
    let mut connections = JoinSet::new();
    connections.spawn(connection);

    let mut builder = Request::builder()
        .method(request.method)
        .uri(request.sender.path())
        .header(HOST, address.to_string());
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = Outgoing::new(request.body, request.framing);
    let response = requests.send_request(builder.body(body)?).await?;
    let retry_after = response.headers().get(RETRY_AFTER);
    Ok(Response {
        status: response.status().as_u16(),
        retry_after: retry_after.and_then(|secs| secs.to_str().ok()?.parse().ok()),
    })
}

/// A request body that is being sent.
struct Outgoing {
    chunks: VecDeque<Bytes>,
    length: Option<u64>,
    ends: bool,
}

impl Outgoing {
    fn new(body: Vec<u8>, framing: Framing) -> Self {
        let mut body = Bytes::from(body);
        let length = match framing {
            Framing::Whole => Some(body.len() as u64),
            Framing::Withheld(length) => {
                body.clear();
                Some(length)
            }
            Framing::Endless => None,
        };
        let mut chunks = VecDeque::new();
        while !body.is_empty() {
            chunks.push_back(body.split_to(CHUNK.min(body.len())));
        }
        Self { chunks, length, ends: matches!(framing, Framing::Whole) }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        match self.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None if self.ends => Poll::Ready(None),
            // Pending forever: the response comes first.
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ends && self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
