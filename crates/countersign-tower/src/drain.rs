//! The rest of a body that is rejected before its end.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use countersign::adapter::AdapterState;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response, Version};
use http_body::Body;

/// The smallest number of bytes that are read of a rejected body, at most.
const MIN_LIMIT: u64 = 4 * 1024 * 1024;

/// Returns how the rest of a rejected request's body is to be read, while the sender gets the response; `None`
/// if it is not to be read.
///
/// A connection that is closed with unread bytes is reset, which may destroy the response before a
/// sender that is still writing reads it, and the sender's next delivery on that connection. So the
/// rest is read for at most the time that a body may take, and at most as many bytes as the largest
/// accepted body has. A response that is followed by more, or by an unknown number of bytes, announces
/// that the connection is closed.
///
/// HTTP/2 ends a stream without its connection. A sender that waits for `100 Continue` sends no body.
pub(crate) fn limit(
    state: &AdapterState,
    request: &Request<()>,
    body: &impl Body,
    response: &mut Response<impl Sized>,
) -> Option<Limit> {
    if body.is_end_stream() || request.version() >= Version::HTTP_2 {
        return None;
    }
    let receiver = state.default_receiver();
    let bytes = (receiver.contract().max_body_size() as u64).max(MIN_LIMIT);
    let is_expected = request.headers().contains_key(EXPECT);
    if is_expected || body.size_hint().upper().is_none_or(|rest| rest > bytes) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    (!is_expected).then(|| Limit { bytes, time: receiver.timeouts().body })
}

/// The limits of what is read of a rejected body.
pub(crate) struct Limit {
    bytes: u64,
    time: Duration,
}

/// Reads a body to its end, its failure or the limit.
pub(crate) async fn read<B: Body>(mut body: Pin<&mut B>, Limit { mut bytes, time }: Limit) {
    let read = async {
        // The response is sent before.
        tokio::task::yield_now().await;
        while let Some(length) = poll_fn(|cx| poll_length(body.as_mut(), cx)).await {
            match bytes.checked_sub(length) {
                Some(rest) => bytes = rest,
                None => return,
            }
        }
    };
    drop(Box::pin(tokio::time::timeout(time, read)).await);
}

/// Returns the length of the next piece; `None` at the end and after a failure.
fn poll_length<B: Body>(body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Option<u64>> {
    let frame = ready!(body.poll_frame(cx)).and_then(Result::ok);
    Poll::Ready(frame.map(|frame| frame.data_ref().map_or(0, |data| data.remaining() as u64)))
}
