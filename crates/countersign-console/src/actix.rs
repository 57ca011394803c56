//! The mount for actix-web.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, Scope};

use crate::body::Body;
use crate::console::Console;
use crate::respond::Mounted;

/// The largest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 512 << 10;

impl Console {
    /// Returns a scope with the console's pages at a path, such as `/console`.
    ///
    /// ```
    /// use actix_web::App;
    /// use countersign::log::MemoryLog;
    /// use countersign_console::{Access, Console};
    ///
    /// // Outside of the closure for `HttpServer::new`, so that all workers have one.
    /// let console = Console::new(|_| Access::read("everyone")).log(MemoryLog::new());
    /// let app = App::new().service(console.actix("/console"));
    /// # drop(app);
    /// ```
    pub fn actix(&self, path: &str) -> Scope {
        let console = self.clone();
        let mount = path.trim_end_matches('/').to_owned();
        let respond = move |request: HttpRequest, body: Bytes| {
            let (console, is_mount) = (console.clone(), request.path() == mount);
            async move { respond(&console, &request, body, is_mount).await }
        };
        web::scope(path)
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .default_service(web::to(respond))
    }
}

async fn respond(
    console: &Console,
    request: &HttpRequest,
    body: Bytes,
    is_mount: bool,
) -> HttpResponse<BoxBody> {
    let mut own =
        http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        own = own.header(name.as_str(), value.as_bytes());
    }
    let Ok(mut own) = own.body(body) else { return HttpResponse::BadRequest().finish() };
    if is_mount {
        own.extensions_mut().insert(Mounted);
    }
    let (parts, body) = console.respond(own).await.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    match body {
        Body::Full(bytes) => response.body(bytes),
        Body::Feed(feed) => response.streaming(feed),
    }
}
