//! The rest of a body that is rejected before its end.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use countersign::adapter::AdapterState;
use http::header::{CONNECTION, EXPECT};
use http::request::Parts;
use http::{HeaderValue, Response, Version};
use http_body::Body;

/// The smallest number of bytes that are read of a rejected body, at most.
const MIN_LIMIT: u64 = 4 * 1024 * 1024;

/// Reads and drops the rest of a rejected request's body, while the sender gets the response.
///
/// A connection that is closed with unread bytes is reset, which may destroy the response before a
/// sender that is still writing reads it, and the sender's next delivery on that connection. So the
/// rest is read for at most the time that a body may take, and at most as many bytes as the largest
/// accepted body has. A response that is followed by more, or by an unknown number of bytes, announces
/// that the connection is closed.
///
/// HTTP/2 ends a stream without its connection. A sender that waits for `100 Continue` sends no body.
pub(crate) fn drain<B>(
    state: &AdapterState,
    request: &Parts,
    body: Pin<Box<B>>,
    response: &mut Response<impl Sized>,
) where
    B: Body + Send + 'static,
    B::Data: Send,
{
    if request.version >= Version::HTTP_2 {
        return;
    }
    let receiver = state.default_receiver();
    let limit = (receiver.contract().max_body_size() as u64).max(MIN_LIMIT);
    let is_expected = request.headers.contains_key(EXPECT);
    if is_expected || body.size_hint().upper().is_none_or(|rest| rest > limit) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if !is_expected {
        tokio::spawn(tokio::time::timeout(receiver.timeouts().body, read(body, limit)));
    }
}

/// Reads a body to its end, its failure or `limit`.
async fn read<B: Body>(mut body: Pin<Box<B>>, mut limit: u64) {
    while let Some(length) = poll_fn(|cx| poll_length(body.as_mut(), cx)).await {
        match limit.checked_sub(length) {
            Some(rest) => limit = rest,
            None => return,
        }
    }
}

/// Returns the length of the next piece; `None` at the end and after a failure.
fn poll_length<B: Body>(body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Option<u64>> {
    let frame = ready!(body.poll_frame(cx)).and_then(Result::ok);
    Poll::Ready(frame.map(|frame| frame.data_ref().map_or(0, |data| data.remaining() as u64)))
}
