//! HTTP/2 without TLS, frame by frame.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::{HeaderMap, Response};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Incoming, Outgoing, Received};
use crate::driver::PATH;
use crate::request::{End, Framing};

type Expected = Result<Response<h2::RecvStream>, h2::Error>;

pub(crate) struct Connection {
    sender: SendRequest<Bytes>,
    streams: VecDeque<Stream>,
    /// Ends with the connection, and so does the socket.
    _driving: JoinSet<()>,
}

struct Stream {
    response: ResponseFuture,
    early: Option<Expected>,
    /// Dropped, it would reset the stream.
    _body: SendStream<Bytes>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        let mut driving = JoinSet::new();
        driving.spawn(async move {
            let _ended = connection.await;
        });
        Self { sender, streams: VecDeque::new(), _driving: driving }
    }

    pub(super) async fn send(&mut self, requests: &[Outgoing<'_>]) {
        for outgoing in requests {
            let stream = self.begin(outgoing).await;
            self.streams.push_back(stream);
        }
    }

    async fn begin(&mut self, outgoing: &Outgoing<'_>) -> Stream {
        let sending = &outgoing.request.sending;
        let pieces: Vec<_> =
            outgoing.request.pieces().into_iter().map(Bytes::copy_from_slice).collect();
        let has_body = sending.framing != Framing::Nothing;
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (mut response, mut body) = sender.send_request(head(outgoing), !has_body).unwrap();
        let mut early = None;
        for piece in pieces {
            if !sending.pace.is_zero() {
                early = timeout(sending.pace, &mut response).await.ok();
            }
            // A server that responds early has reset the rest.
            if early.is_some() || body.send_data(piece, false).is_err() {
                break;
            }
        }
        let _reset = match sending.end {
            End::Regular if !has_body || early.is_some() => Ok(()),
            End::Regular if sending.trailer => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-late", "yes".parse().unwrap());
                body.send_trailers(trailers)
            }
            End::Regular | End::HalfClose => body.send_data(Bytes::new(), true),
            End::Stall => Ok(()),
            End::Abort => {
                body.send_reset(Reason::CANCEL);
                Ok(())
            }
        };
        Stream { response, early, _body: body }
    }

    pub(super) async fn response(&mut self) -> Incoming {
        let stream = self.streams.pop_front().unwrap();
        let response = match stream.early {
            Some(early) => early,
            None => stream.response.await,
        };
        match read(response).await {
            Ok(response) => Incoming::Response(response),
            Err(_) => Incoming::Gone,
        }
    }
}

async fn read(response: Expected) -> Result<Received, h2::Error> {
    let (parts, mut stream) = response?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend(data);
    }
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    Ok(Received {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body,
        continued: false,
    })
}

fn head(outgoing: &Outgoing<'_>) -> http::Request<()> {
    let request = outgoing.request;
    let mut head = http::Request::builder()
        .method(request.method)
        .uri(format!("http://localhost{PATH}{}", request.query))
        .version(http::Version::HTTP_2);
    match request.sending.framing {
        Framing::Length => head = head.header("content-length", request.body.len()),
        Framing::Announced(length) => head = head.header("content-length", length),
        Framing::Chunked | Framing::Nothing => {}
    }
    for (name, value) in &outgoing.headers {
        head = head.header(name, http::HeaderValue::from_bytes(value).unwrap());
    }
    head.body(()).unwrap()
}
