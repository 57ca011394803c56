//! Reading header values from any header map.

/// A request's headers, whatever holds them.
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
    /// Calls `visit` with the name and the value of every header, one that stands twice twice.
    ///
    /// Names may be in any case; values are to be as they were received.
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8]));

    /// The path of the request's target as it was received; `None` where it is not known.
    ///
    /// Only [`TenantFrom::PathPrefix`](crate::tenants::TenantFrom::PathAfter) needs it.
    fn path(&self) -> Option<&str> {
        None
    }

    /// The query of the request's target as it was received, without its `?`; `None` where it is not
    /// known or there is none.
    ///
    /// Only senders that sign the URL need it: Twilio.
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

/// The head of a request, query and all.
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

/// The head of a request, query and all.
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
