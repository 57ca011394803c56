//! A sender's side of the wire: real HTTP over TCP, a connection for each delivery.

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
use crate::post::{Framing, Post};

const CHUNK: usize = 64 * 1024;

/// What the sender was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Sends `post`. Dropping the future hangs up.
pub(crate) async fn send(address: SocketAddr, post: Post) -> Result<Answer> {
    let stream = TcpStream::connect(address).await?;
    let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // A set aborts its tasks when it is dropped.
    let mut connections = JoinSet::new();
    connections.spawn(connection);

    let mut request = Request::builder()
        .method(post.method)
        .uri(post.sender.path())
        .header(HOST, address.to_string());
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let body = Outgoing::new(post.body, post.framing);
    let response = requests.send_request(request.body(body)?).await?;
    let retry_after = response.headers().get(RETRY_AFTER);
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after.and_then(|secs| secs.to_str().ok()?.parse().ok()),
    })
}

/// A body under way.
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
            // Nothing will wake it: the answer is to come first.
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
