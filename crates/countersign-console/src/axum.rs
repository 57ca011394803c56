//! The mount for axum.

use axum::Router;
use axum::body::{Body as AxumBody, to_bytes};
use axum::extract::OriginalUri;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;

use crate::body::Body;
use crate::console::Console;
use crate::respond::Mounted;

/// The largest body that is read, in bytes: one more than a form may have.
const MAX_BODY_BYTES: usize = (512 << 10) + 1;

impl Console {
    /// Returns a router with the console's pages, to be nested at a path by `nest_service`.
    ///
    /// ```
    /// use axum::Router;
    /// use countersign::log::MemoryLog;
    /// use countersign_console::{Access, Console};
    ///
    /// let console = Console::new(|_| Access::read("everyone")).log(MemoryLog::new());
    /// let app: Router = Router::new().nest_service("/console", console.axum());
    /// # drop(app);
    /// ```
    pub fn axum(self) -> Router {
        Router::new().fallback(async move |request: Request<AxumBody>| {
            let (mut parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
                return StatusCode::PAYLOAD_TOO_LARGE.into_response();
            };
            // Within a nested router the path is the rest of it: `/` for the console itself.
            if parts.uri.path() == "/"
                && let Some(OriginalUri(uri)) = parts.extensions.get::<OriginalUri>().cloned()
                && !uri.path().ends_with('/')
            {
                parts.uri = uri;
                parts.extensions.insert(Mounted);
            }
            let response = self.respond(Request::from_parts(parts, body)).await;
            let (parts, body) = response.into_parts();
            let body = match body {
                Body::Full(bytes) => AxumBody::from(bytes),
                Body::Feed(feed) => AxumBody::from_stream(feed),
            };
            Response::from_parts(parts, body)
        })
    }
}
