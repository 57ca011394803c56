//! The properties that fuzzing checks, and inputs for them. Suites of several crates share them.

pub mod mutation;
pub mod properties;
pub mod seeds;

/// Compiles the code of the README and of the docs.
#[cfg(doctest)]
mod docs {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/senders.md")]
    struct Senders;
    #[doc = include_str!("../../docs/adding-a-sender.md")]
    struct AddingASender;
    #[doc = include_str!("../../docs/events.md")]
    struct RoutingEvents;
    #[doc = include_str!("../../docs/forms.md")]
    struct Forms;
    #[doc = include_str!("../../docs/deduplication.md")]
    struct Deduplication;
    #[doc = include_str!("../../docs/handshakes.md")]
    struct Handshakes;
    #[doc = include_str!("../../docs/tenants.md")]
    struct ManyTenants;
    #[doc = include_str!("../../docs/choosing-a-store.md")]
    struct ChoosingAStore;
    #[doc = include_str!("../../docs/batches.md")]
    struct Batches;
    #[doc = include_str!("../../docs/inbox.md")]
    struct Inbox;
    #[doc = include_str!("../../docs/delivery-log.md")]
    struct DeliveryLog;
    #[doc = include_str!("../../docs/console.md")]
    struct Console;
    #[doc = include_str!("../../docs/testing-your-handlers.md")]
    struct TestingYourHandlers;
    #[doc = include_str!("../../crates/countersign/README.md")]
    struct Core;
    #[doc = include_str!("../../crates/countersign-tower/README.md")]
    struct Tower;
    #[doc = include_str!("../../crates/countersign-actix/README.md")]
    struct Actix;
    #[doc = include_str!("../../crates/countersign-sqlx/README.md")]
    struct Sqlx;
    #[doc = include_str!("../../crates/countersign-redis/README.md")]
    struct Redis;
}
