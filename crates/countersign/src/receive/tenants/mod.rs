//! Keys of many tenants at one endpoint.
//!
//! A request names its tenant before anything of it is verified; a signature that verifies with that
//! tenant's keys proves that the name was right.

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
