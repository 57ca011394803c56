//! The server of a store, as far as its address is known.

use std::sync::Arc;

use countersign::dedup::{StoreError, StoreId};
use redis::{Client, ConnectionInfo, IntoConnectionInfo};

use crate::error::invalid_address;

/// The server of a store. Clones of the store share it.
#[derive(Clone)]
pub(crate) enum Server {
    /// The addresses and the database.
    At(Arc<str>),
    /// The application's own connection, whose address is unknown.
    Unknown(Arc<()>),
}

impl Default for Server {
    fn default() -> Self {
        Self::Unknown(Arc::default())
    }
}

impl Server {
    pub(crate) fn of_client(client: &Client) -> Self {
        Self::At(address(client.get_connection_info()).into())
    }

    /// Returns the server behind these nodes, in any order; `kind` distinguishes a cluster from the masters.
    pub(crate) fn of_nodes(kind: &str, urls: &[&str]) -> Result<Self, StoreError> {
        let mut addresses = Vec::with_capacity(urls.len() + 1);
        for url in urls {
            let info = url.into_connection_info().map_err(|error| invalid_address(&error))?;
            addresses.push(address(&info));
        }
        addresses.sort();
        addresses.push(kind.to_owned());
        Ok(Self::At(addresses.join(" ").into()))
    }

    pub(crate) fn store_id(&self, prefix: &str) -> StoreId {
        match self {
            Self::At(address) => StoreId::new(["redis", address, prefix]),
            Self::Unknown(connection) => StoreId::new([
                "redis connection",
                &format!("{:p}", Arc::as_ptr(connection)),
                prefix,
            ]),
        }
    }
}

/// Returns the address and the database, without a user name or a password.
fn address(info: &ConnectionInfo) -> String {
    format!("{}/{}", info.addr(), info.redis_settings().db())
}
