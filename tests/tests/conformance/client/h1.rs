//! HTTP/1.1 on a raw socket.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Incoming, Outgoing, Received};
use crate::driver::PATH;
use crate::request::{End, Framing};

pub(crate) struct Connection {
    /// `None` after an abort.
    stream: Option<TcpStream>,
    /// What was read and belongs to no response yet.
    buffer: Vec<u8>,
    /// Whether the requests without an response were `HEAD`.
    heads: VecDeque<bool>,
    continued: bool,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: Some(stream), buffer: Vec::new(), heads: VecDeque::new(), continued: false }
    }

    pub(super) async fn send(&mut self, requests: &[Outgoing<'_>]) {
        let mut write = Vec::new();
        for outgoing in requests {
            let sending = &outgoing.request.sending;
            self.heads.push_back(outgoing.request.method == "HEAD");
            write.extend(head(outgoing));
            if sending.on_demand {
                self.write(&std::mem::take(&mut write)).await;
                if !self.is_continued().await {
                    return;
                }
            }
            let pieces = pieces(outgoing);
            if requests.len() > 1 {
                write.extend(pieces.concat());
                continue;
            }
            for piece in pieces {
                self.write(&std::mem::take(&mut write)).await;
                // A server that responds early is not sent the rest.
                if !sending.pace.is_zero() && self.has_answer(sending.pace).await {
                    return;
                }
                write = piece;
            }
        }
        self.write(&write).await;
        match requests.last().map(|outgoing| outgoing.request.sending.end) {
            Some(End::HalfClose) => {
                let _gone = self.stream.as_mut().unwrap().shutdown().await;
            }
            Some(End::Abort) => self.stream = None,
            Some(End::Regular | End::Stall) | None => {}
        }
    }

    pub(super) async fn response(&mut self) -> Incoming {
        let is_head = self.heads.pop_front().unwrap();
        match self.read_answer(is_head).await {
            Some(response) => Incoming::Response(response),
            None => Incoming::Gone,
        }
    }

    async fn read_answer(&mut self, is_head: bool) -> Option<Received> {
        let mut response = loop {
            let response = self.read_head().await?;
            if response.status != 100 {
                break response;
            }
            self.continued = true;
        };
        response.continued = std::mem::take(&mut self.continued);
        if is_head || matches!(response.status, 204 | 304) {
            return Some(response);
        }
        if let Some(length) = response.header("content-length") {
            response.body = self.take(length.parse().ok()?).await?;
        } else if response.header("transfer-encoding") == Some("chunked") {
            response.body = self.read_chunks().await?;
        } else {
            while self.fill().await {}
            response.body = std::mem::take(&mut self.buffer);
        }
        Some(response)
    }

    async fn read_head(&mut self) -> Option<Received> {
        let head = self.take_until(b"\r\n\r\n").await?;
        let head = String::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<_>>()?;
        Some(Received { status, headers, ..Received::default() })
    }

    async fn read_chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = String::from_utf8(self.take_until(b"\r\n").await?).ok()?;
            let size = usize::from_str_radix(&size, 16).ok()?;
            body.extend(self.take(size).await?);
            self.take(2).await?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// The bytes before `end`, without it.
    async fn take_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                let mut taken = self.take(at + end.len()).await?;
                taken.truncate(at);
                return Some(taken);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.fill().await {
                return None;
            }
        }
        let rest = self.buffer.split_off(length);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// Reads more; `false` at the end of the stream.
    async fn fill(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        matches!(stream.read_buf(&mut self.buffer).await, Ok(1..))
    }

    /// A server that has responded may have closed; its response is still there to be read.
    async fn write(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.stream {
            let _closed = stream.write_all(bytes).await;
        }
    }

    async fn has_answer(&mut self, within: Duration) -> bool {
        !self.buffer.is_empty() || timeout(within, self.fill()).await.is_ok()
    }

    async fn is_continued(&mut self) -> bool {
        self.has_answer(Duration::MAX).await && self.buffer.starts_with(b"HTTP/1.1 100")
    }
}

fn head(outgoing: &Outgoing<'_>) -> Vec<u8> {
    let request = outgoing.request;
    let mut head =
        format!("{} {PATH}{} HTTP/1.1\r\nhost: localhost\r\n", request.method, request.query);
    match request.sending.framing {
        Framing::Length => head += &format!("content-length: {}\r\n", request.body.len()),
        Framing::Announced(length) => head += &format!("content-length: {length}\r\n"),
        Framing::Chunked => head += "transfer-encoding: chunked\r\n",
        Framing::Nothing => {}
    }
    if request.sending.on_demand {
        head += "expect: 100-continue\r\n";
    }
    let mut head = head.into_bytes();
    for (name, value) in &outgoing.headers {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

/// The body as it goes over the wire.
fn pieces(outgoing: &Outgoing<'_>) -> Vec<Vec<u8>> {
    let request = outgoing.request;
    let pieces = request.pieces();
    match request.sending.framing {
        Framing::Nothing => Vec::new(),
        Framing::Length | Framing::Announced(_) => {
            pieces.iter().map(|piece| piece.to_vec()).collect()
        }
        Framing::Chunked => {
            let chunk = |piece: &&[u8]| {
                [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
            };
            let mut chunks: Vec<_> = pieces.iter().map(chunk).collect();
            if request.sending.end == End::Regular {
                let trailer = if request.sending.trailer { "x-late: yes\r\n" } else { "" };
                chunks.push(format!("0\r\n{trailer}\r\n").into_bytes());
            }
            chunks
        }
    }
}
