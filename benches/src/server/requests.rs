//! Signed requests as bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::{Event, Request, Result};

/// The path of the webhook route.
pub const PATH: &str = "/webhooks";

/// The largest body, in bytes.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// Signed requests to one server: the head of each, and the body that all share.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) heads: Vec<Vec<u8>>,
    pub(super) body: Bytes,
}

impl Requests {
    /// Signs `count` requests of `size` bytes now, each with an id that no other request of this program has.
    pub(super) fn sign(count: usize, size: usize) -> Result<Self> {
        static SIGNED: AtomicU64 = AtomicU64::new(0);
        let body = Event::json(size);
        let mut heads = Vec::with_capacity(count);
        for _ in 0..count {
            let number = SIGNED.fetch_add(1, Ordering::Relaxed);
            let request = Request::new(&format!("msg_{number:024}"), &body, 0, 1)?;
            let mut head = format!("POST {PATH} HTTP/1.1\r\n").into_bytes();
            for (name, value) in &request.headers {
                head.extend_from_slice(name.as_str().as_bytes());
                head.extend_from_slice(b": ");
                head.extend_from_slice(value.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            head.extend_from_slice(b"\r\n");
            heads.push(head);
        }
        Ok(Self { heads, body })
    }
}
