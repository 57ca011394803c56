//! The load: connections that each send one request after the other.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::server::requests::Requests;

/// Open connections to one server.
#[derive(Debug)]
pub(super) struct Load {
    connections: Vec<TcpStream>,
}

/// What the connections measure.
#[derive(Debug)]
pub(super) struct Responses {
    pub(super) elapsed: Duration,
    /// The time from each request to its response, in ascending order.
    pub(super) latencies: Vec<Duration>,
}

impl Load {
    /// Opens the connections, and sends a request over each.
    pub(super) async fn open(address: SocketAddr, connections: usize, size: usize) -> Result<Self> {
        let requests = Requests::sign(connections, size)?;
        let mut opened = Vec::with_capacity(connections);
        for head in requests.heads {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            exchange(&mut stream, &head, &requests.body).await?;
            opened.push(stream);
        }
        Ok(Self { connections: opened })
    }

    /// Sends every request once; each connection sends its next one after the response.
    pub(super) async fn run(self, requests: Requests) -> Result<Responses> {
        let heads = Arc::new(Mutex::new(requests.heads.into_iter()));
        let started = Instant::now();
        let mut running = JoinSet::new();
        for stream in self.connections {
            running.spawn(connection(stream, Arc::clone(&heads), requests.body.clone()));
        }
        let mut latencies = Vec::new();
        while let Some(done) = running.join_next().await {
            latencies.extend(done??);
        }
        let elapsed = started.elapsed();
        latencies.sort_unstable();
        Ok(Responses { elapsed, latencies })
    }
}

async fn connection(
    mut stream: TcpStream,
    heads: Arc<Mutex<std::vec::IntoIter<Vec<u8>>>>,
    body: Bytes,
) -> io::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let next = heads.lock().map_err(|_| io::Error::other("a connection has failed"))?.next();
        let Some(head) = next else { return Ok(latencies) };
        let started = Instant::now();
        exchange(&mut stream, &head, &body).await?;
        latencies.push(started.elapsed());
    }
}

/// Sends a request and reads its response, which must have the status 204 and no body.
async fn exchange(stream: &mut TcpStream, head: &[u8], body: &[u8]) -> io::Result<()> {
    // One call for both, if the socket's buffer has space for them.
    let sent = stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?;
    stream.write_all(head.get(sent..).unwrap_or_default()).await?;
    stream.write_all(body.get(sent.saturating_sub(head.len())..).unwrap_or_default()).await?;
    let mut response = [0; 1024];
    let mut length = 0;
    let mut text: &[u8] = &[];
    while !text.ends_with(b"\r\n\r\n") {
        let read = stream.read(response.get_mut(length..).unwrap_or_default()).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += read;
        text = response.get(..length).unwrap_or_default();
    }
    if !text.starts_with(b"HTTP/1.1 204") {
        let status = String::from_utf8_lossy(text.get(..12).unwrap_or_default());
        return Err(io::Error::other(format!("the server responds with `{status}`")));
    }
    Ok(())
}
