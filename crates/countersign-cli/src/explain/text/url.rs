//! The components of a URL.

/// The components of a URL.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    /// The user name and the password, before the host.
    pub(crate) credentials: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<String>,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((credentials, authority)) => (Some(credentials.to_owned()), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, Some(port.to_owned()))
            }
            _ => (authority, None),
        };
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_owned());
        let path = path.to_owned();
        (!host.is_empty()).then_some(Self { scheme, credentials, host, port, path, query })
    }

    /// Returns the same origin with another target.
    pub(crate) fn at(&self, target: &str) -> Option<Self> {
        let target = match target.split_once("://") {
            Some((_, rest)) => rest.get(rest.find('/')?..)?,
            None => target,
        };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        path.starts_with('/').then(|| Self { path: path.to_owned(), query, ..self.clone() })
    }

    pub(crate) fn to_text(&self) -> String {
        let Self { scheme, host, path, .. } = self;
        let port = self.port.as_ref().map_or_else(String::new, |port| format!(":{port}"));
        let query = self.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let credentials =
            self.credentials.as_ref().map_or_else(String::new, |pair| format!("{pair}@"));
        format!("{scheme}://{credentials}{host}{port}{path}{query}")
    }

    /// Lists the differences. The values of path and query are left out, since they may be secret.
    pub(crate) fn differences(&self, configured: &Self) -> Vec<String> {
        let mut list = Vec::new();
        if self.scheme != configured.scheme {
            list.push(format!("its scheme is `{}://`", self.scheme));
        }
        if self.credentials != configured.credentials {
            list.push(match &self.credentials {
                Some(_) => "it has the user name and password of the request".to_owned(),
                None => "it has no user name and password".to_owned(),
            });
        }
        if self.host != configured.host {
            list.push("its host is the one in the request's headers".to_owned());
        }
        if self.port != configured.port {
            list.push(match &self.port {
                Some(port) => format!("it has the port {port}"),
                None => "it has no port".to_owned(),
            });
        }
        if self.path != configured.path {
            let (own, other) =
                (self.path.trim_end_matches('/'), configured.path.trim_end_matches('/'));
            list.push(if own != other {
                "its path is the captured one, or the one in a proxy's header".to_owned()
            } else if self.path.ends_with('/') {
                "its path ends with a slash".to_owned()
            } else {
                "its path ends without a slash".to_owned()
            });
        }
        if self.query != configured.query {
            list.push(match (&self.query, &configured.query) {
                (None, _) => "it has no query".to_owned(),
                (Some(_), None) => "it has a query".to_owned(),
                (Some(_), Some(_)) => "its query has another order or other escapes".to_owned(),
            });
        }
        list
    }
}

/// Decodes the escapes of printable ASCII; `None` if there are none.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut pieces = text.split('%');
    decoded.push_str(pieces.next()?);
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| byte.is_ascii_graphic() && !b"#&=?%".contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                decoded.push_str(piece.get(2..)?);
            }
            None => {
                decoded.push('%');
                decoded.push_str(piece);
            }
        }
    }
    (decoded != text).then_some(decoded)
}
