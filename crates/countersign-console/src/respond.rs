//! From a request to the response of a page.

use bytes::Bytes;
use countersign::log::LogId;
use countersign::time::{Clock, SystemClock};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE,
    HeaderName, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use maud::Markup;
use serde_json::Value;

use crate::access::Access;
use crate::body::Body;
use crate::console::Console;
use crate::feed::feed;
use crate::pages::{self, Context};
use crate::query::Query;
use crate::reply::{Outcome, Reply};
use crate::same_origin::is_same_origin;

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/console.js");

/// Nothing but the console's own files, and no script or style within a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The largest form, in bytes: ten thousand selected messages are fewer.
const MAX_FORM_BYTES: usize = 512 << 10;

impl Console {
    /// Responds to a request for one of the console's pages.
    ///
    /// The last segment of the path names the page, so the console may be mounted at any path. The adapters do so;
    /// this is for other frameworks. A body of more than 512 KiB is rejected: do not read more of it.
    pub async fn respond(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let page = path.rsplit('/').next().unwrap_or_default();
        if page == "favicon.ico" {
            return plain(StatusCode::NO_CONTENT, "");
        }
        let access = (self.authorize)(&parts);
        if access == Access::Forbidden {
            return plain(StatusCode::FORBIDDEN, "No access to this console.");
        }
        match page {
            "style.css" => return asset("text/css; charset=utf-8", STYLE),
            "console.js" => return asset("text/javascript; charset=utf-8", SCRIPT),
            "" => return see_other("overview"),
            // The pages are below the path of the console itself.
            _ if parts.extensions.get::<Mounted>().is_some() => {
                return see_other(&format!("{page}/overview"));
            }
            _ => {}
        }
        let (page, is_json) = match page.strip_suffix(".json") {
            Some(page) => (page, true),
            None => (page, accepts_json(&parts)),
        };
        let now = SystemClock.now();
        let theme = theme(&parts);
        let context = Context::new(self, &access, now, theme);
        let query = Query::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let outcome = match parts.method {
            Method::GET | Method::HEAD => context.get(page, &query).await,
            Method::POST => {
                if !is_same_origin(&parts) {
                    let reason = "This request does not come from a page of the console.";
                    return plain(StatusCode::FORBIDDEN, reason);
                }
                if body.len() > MAX_FORM_BYTES {
                    return plain(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.");
                }
                if page == "theme" {
                    return set_theme(Query::parse(&body).get("theme").unwrap_or_default());
                }
                context.post(page, &Query::parse(&body)).await
            }
            _ => {
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
                return response;
            }
        };
        self.reply(&context, outcome, is_json).await
    }

    async fn reply(
        &self,
        context: &Context<'_>,
        outcome: Outcome,
        is_json: bool,
    ) -> Response<Body> {
        match outcome {
            Ok(Reply::Page { json, .. }) if is_json => with_json(StatusCode::OK, &json),
            Ok(Reply::Page { title, current, content, .. }) => {
                let page = context.layout(&title, current, &content).await;
                html(StatusCode::OK, page)
            }
            Ok(Reply::SeeOther(location)) => see_other(&location),
            Ok(Reply::Download { name, bytes }) => {
                let mut response = secured(Response::new(Body::Full(bytes)));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
                let disposition = format!("attachment; filename=\"{name}\"");
                if let Ok(disposition) = HeaderValue::from_str(&disposition) {
                    headers.insert(CONTENT_DISPOSITION, disposition);
                }
                response
            }
            Ok(Reply::Feed(feed)) => {
                let mut response = secured(Response::new(Body::Feed(feed)));
                let kind = HeaderValue::from_static("text/event-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            Ok(Reply::NotFound) => {
                self.failed(context, is_json, StatusCode::NOT_FOUND, "There is no such page.").await
            }
            Ok(Reply::Forbidden) => {
                let text = "You may not do this: it needs more access than you have.";
                self.failed(context, is_json, StatusCode::FORBIDDEN, text).await
            }
            Ok(Reply::Conflict(text)) => {
                self.failed(context, is_json, StatusCode::CONFLICT, text).await
            }
            Err(error) if is_json => {
                let json = serde_json::json!({ "error": error.to_string() });
                with_json(StatusCode::SERVICE_UNAVAILABLE, &json)
            }
            Err(error) => {
                let content = pages::unreachable(&error, context.now);
                html(
                    StatusCode::SERVICE_UNAVAILABLE,
                    context.layout_without_store("Store", &content),
                )
            }
        }
    }

    async fn failed(
        &self,
        context: &Context<'_>,
        is_json: bool,
        status: StatusCode,
        text: &str,
    ) -> Response<Body> {
        if is_json {
            return with_json(status, &serde_json::json!({ "error": text }));
        }
        let content = pages::message(text);
        html(status, context.layout("Not possible", "", &content).await)
    }
}

/// Marks a request whose path is that of the console itself, without a slash at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mounted;

impl Context<'_> {
    async fn get(&self, page: &str, query: &Query) -> Outcome {
        match page {
            "overview" => pages::overview(self).await,
            "deliveries" => pages::deliveries(self, query).await,
            "delivery" => pages::delivery(self, query).await,
            "payload" => pages::payload(self, query).await,
            "request" => pages::captured(self, query).await,
            "dead" => pages::dead(self, query).await,
            "rejected" => pages::rejected(self, query).await,
            "endpoints" => pages::endpoints(self, query).await,
            "acts" => Ok(pages::all_acts(self)),
            "feed" => Ok(match &self.console.log {
                Some(log) => {
                    let filter = pages::log_filter(query, self.now, None);
                    let latest = LogId::new(query.number("after").unwrap_or_default());
                    Reply::Feed(feed(std::sync::Arc::clone(log), filter, latest))
                }
                None => Reply::NotFound,
            }),
            _ => Ok(Reply::NotFound),
        }
    }

    async fn post(&self, page: &str, form: &Query) -> Outcome {
        if !self.access.may_operate() {
            return Ok(Reply::Forbidden);
        }
        match page {
            "confirm" => pages::confirm(self, form).await,
            "act" => pages::act(self, form).await,
            "pause" => pages::set_paused(self, form, true).await,
            "resume" => pages::set_paused(self, form, false).await,
            _ => Ok(Reply::NotFound),
        }
    }
}

fn accepts_json(parts: &Parts) -> bool {
    let accept = parts.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.trim_start().starts_with("application/json"))
}

fn theme(parts: &Parts) -> &'static str {
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut themes =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| match cookie.trim() {
            "theme=light" => Some("light"),
            "theme=dark" => Some("dark"),
            _ => None,
        });
    themes.next().unwrap_or("system")
}

fn set_theme(theme: &str) -> Response<Body> {
    let theme = match theme {
        "light" => "light",
        "dark" => "dark",
        _ => "system",
    };
    let mut response = see_other("overview");
    let cookie = format!("theme={theme}; Max-Age=31536000; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn html(status: StatusCode, page: Markup) -> Response<Body> {
    text(status, "text/html; charset=utf-8", page.into_string())
}

fn with_json(status: StatusCode, json: &Value) -> Response<Body> {
    text(status, "application/json", json.to_string())
}

fn plain(status: StatusCode, reason: &str) -> Response<Body> {
    text(status, "text/plain; charset=utf-8", reason.to_owned())
}

fn text(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = secured(Response::new(Body::Full(text.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn asset(kind: &'static str, content: &'static str) -> Response<Body> {
    let mut response = text(StatusCode::OK, kind, content.to_owned());
    let cached = HeaderValue::from_static("private, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, cached);
    response
}

fn see_other(location: &str) -> Response<Body> {
    let mut response = plain(StatusCode::SEE_OTHER, "");
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn secured(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    let all: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Without a referrer a browser sends `Origin: null` with a form over plain HTTP.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
