//! The contenders: what each runs before the same handler.

use report::names;

/// A server whose handler decodes a JSON event and responds with 204.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Contender {
    /// axum, without any check of the signature.
    BareAxum,
    /// axum, with the HMAC checked in the handler by hand, its key set for each request.
    ByHand,
    /// The crate `axum-standardwebhooks`.
    AxumStandardWebhooks,
    /// countersign on axum, without deduplication.
    NoDedup,
    /// countersign on axum, with the memory store.
    Memory,
    /// countersign on axum, with SQLite.
    Sqlite,
    /// countersign on axum, with PostgreSQL.
    Postgres,
    /// countersign on axum, with Redis.
    Redis,
    /// actix-web, without any check of the signature.
    BareActix,
    /// countersign on actix-web, with the memory store.
    ActixMemory,
}

impl Contender {
    /// All contenders, each framework's baseline first.
    pub const ALL: [Self; 10] = [
        Self::BareAxum,
        Self::ByHand,
        Self::AxumStandardWebhooks,
        Self::NoDedup,
        Self::Memory,
        Self::Sqlite,
        Self::Postgres,
        Self::Redis,
        Self::BareActix,
        Self::ActixMemory,
    ];

    /// Returns the name in the results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BareAxum => names::BARE_AXUM,
            Self::ByHand => names::BY_HAND,
            Self::AxumStandardWebhooks => names::AXUM_PEER,
            Self::NoDedup => "countersign, no deduplication",
            Self::Memory => names::MEMORY,
            Self::Sqlite => "countersign, SQLite",
            Self::Postgres => "countersign, PostgreSQL",
            Self::Redis => "countersign, Redis",
            Self::BareActix => names::BARE_ACTIX,
            Self::ActixMemory => names::ACTIX_MEMORY,
        }
    }

    /// Returns the contender with exactly this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contender| contender.name() == name)
    }

    /// Returns the name of the framework.
    #[must_use]
    pub const fn framework(self) -> &'static str {
        match self {
            Self::BareActix | Self::ActixMemory => "actix-web",
            _ => "axum",
        }
    }

    /// Returns whether the others of its framework are compared with this contender.
    #[must_use]
    pub const fn is_baseline(self) -> bool {
        matches!(self, Self::BareActix | Self::BareAxum)
    }

    /// Returns whether the store is a database.
    #[must_use]
    pub const fn has_database(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres | Self::Redis)
    }
}
