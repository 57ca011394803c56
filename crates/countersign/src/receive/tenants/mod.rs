//! One endpoint for many tenants, each with keys of its own.
//!
//! A request names its tenant before anything of it is verified. A signature that verifies with the
//! tenant's keys proves the name.

mod builder;
mod cache;
mod resolver;
mod source;
mod tenant_sender;
mod tenants;

pub use self::builder::TenantsBuilder;
pub use self::resolver::{KeyResolver, ResolveError, Tenant};
pub use self::source::TenantFrom;
pub use self::tenants::Tenants;
