//! The part of a request that names its tenant.

use crate::error::{ConfigError, ConfigErrorKind, Rejection};
use crate::headers::{HeaderIndex, HeaderValues, Headers, IndexedHeader};

/// The longest name of a tenant in a request, in bytes.
const MAX_TENANT_BYTES: usize = 128;

/// The part of a request that names its tenant, which is read before anything is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TenantFrom {
    /// The value of this header, such as the id of a key.
    Header(String),
    /// The last segment of the path, after this prefix: `/webhooks/stripe/`.
    ///
    /// The path is the one that the layer sees: under axum's `nest`, without the nested prefix.
    PathPrefix(String),
}

/// A [`TenantFrom`], parsed.
pub(super) enum TenantSource {
    Header { names: HeaderIndex, name: IndexedHeader },
    PathPrefix(String),
}

impl TenantSource {
    pub(super) fn parse(from: TenantFrom) -> Result<Self, ConfigError> {
        match from {
            TenantFrom::Header(name) => {
                let mut names = HeaderIndex::new();
                let name = names.add(&name)?;
                Ok(Self::Header { names, name })
            }
            TenantFrom::PathPrefix(path) if path.starts_with('/') && path.ends_with('/') => {
                Ok(Self::PathPrefix(path))
            }
            TenantFrom::PathPrefix(path) => Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "tenant path `{}` does not begin and end with `/`: set the prefix before the tenant, such as `/webhooks/`",
                    path.escape_debug()
                ),
            )),
        }
    }

    /// Returns the tenant's name, or `None` if no tenant can have the name.
    pub(super) fn read<H: Headers + ?Sized>(&self, head: &H) -> Result<Option<String>, Rejection> {
        let name = match self {
            Self::Header { names, name } => {
                let mut values = HeaderValues::default();
                names.read(head, &mut values);
                String::from_utf8(name.required_value(&values)?.to_vec()).ok()
            }
            Self::PathPrefix(before) => {
                let path = head.path().unwrap_or_default();
                // One spelling for each name: percent-encoding would allow two, and is rejected.
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                let name = path.strip_prefix(before.as_str());
                name.filter(|name| name.bytes().all(is_plain)).map(str::to_owned)
            }
        };
        Ok(name.filter(|name| (1..=MAX_TENANT_BYTES).contains(&name.len())))
    }
}
