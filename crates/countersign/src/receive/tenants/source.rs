//! Where a request names its tenant.

use crate::error::{ConfigError, ConfigErrorKind, Rejection};
use crate::headers::{HeaderIndex, HeaderValues, Headers, IndexedHeader};

/// The longest name of a tenant in a request, in bytes.
const MAX_TENANT_BYTES: usize = 128;

/// Where a request names its tenant, before anything of it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TenantFrom {
    /// A header's value, such as that of a key's id.
    Header(String),
    /// The path's last segment, after this beginning: `/webhooks/stripe/`.
    ///
    /// It is the path as the layer sees it: under axum's `nest`, without the nested part.
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
                    "`{}` does not begin and end with `/`: give what comes before the tenant",
                    path.escape_debug()
                ),
            )),
        }
    }

    /// The tenant's name; `None` if it is none that a tenant could have.
    pub(super) fn read<H: Headers + ?Sized>(&self, head: &H) -> Result<Option<String>, Rejection> {
        let name = match self {
            Self::Header { names, name } => {
                let mut values = HeaderValues::default();
                names.read(head, &mut values);
                String::from_utf8(name.required_value(&values)?.to_vec()).ok()
            }
            Self::PathPrefix(before) => {
                let path = head.path().unwrap_or_default();
                // Percent signs included: what is written in two ways would be two tenants.
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                let name = path.strip_prefix(before.as_str());
                name.filter(|name| name.bytes().all(is_plain)).map(str::to_owned)
            }
        };
        Ok(name.filter(|name| (1..=MAX_TENANT_BYTES).contains(&name.len())))
    }
}
