//! The headers of a request, in any header map.

/// The headers of a request, with the path and query of its target.
///
/// Verification reads headers through this trait, so it works with the header map of any framework.
/// The trait is implemented for slices, arrays and vectors of name and value, and with the feature
/// `http` for `http::HeaderMap`, `http::Request` and `http::request::Parts`. Implement it for a type of
/// your own:
///
/// ```
/// use countersign::Headers;
///
/// struct Event {
///     headers: std::collections::HashMap<String, String>,
/// }
///
/// impl Headers for Event {
///     fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
///         self.headers.iter().for_each(|(name, value)| visit(name, value.as_bytes()));
///     }
/// }
/// ```
pub trait Headers {
    /// Calls `visit` for every header; a repeated header is visited once per value.
    ///
    /// Names may be in any case. Values must be the bytes as received, since they may be signed.
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8]));

    /// Returns the path of the request's target as received; `None` if it is unknown.
    ///
    /// The path is used by [`TenantFrom::PathPrefix`](crate::tenants::TenantFrom::PathPrefix) alone.
    fn path(&self) -> Option<&str> {
        None
    }

    /// Returns the query of the request's target as received, without its `?`; `None` if it is unknown.
    ///
    /// The query is used for senders that sign the URL, such as Twilio. An implementation returns
    /// `Some("")` for a target without a query; `None` stands for the query of the configured URL.
    fn query(&self) -> Option<&str> {
        None
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        (**self).each(visit);
    }

    fn path(&self) -> Option<&str> {
        (**self).path()
    }

    fn query(&self) -> Option<&str> {
        (**self).query()
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for [(K, V)] {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_ref(), value.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Headers for [(K, V); N] {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(K, V)> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
    }
}

#[cfg(feature = "http")]
impl Headers for http::request::Parts {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn path(&self) -> Option<&str> {
        Some(self.uri.path())
    }

    fn query(&self) -> Option<&str> {
        Some(self.uri.query().unwrap_or_default())
    }
}

#[cfg(feature = "http")]
impl<B> Headers for http::Request<B> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers().each(visit);
    }

    fn path(&self) -> Option<&str> {
        Some(self.uri().path())
    }

    fn query(&self) -> Option<&str> {
        Some(self.uri().query().unwrap_or_default())
    }
}
