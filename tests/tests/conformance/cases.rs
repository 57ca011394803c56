//! All cases.

mod batches;
mod body;
mod contract;
mod dedup;
mod events;
mod forms;
mod grammar;
mod gzip;
mod handler;
mod handshakes;
mod headers;
mod identity;
mod keys;
mod layers;
mod setup_handshakes;
mod store;
mod tenants;
mod transport;

use crate::case::Case;

pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(headers::cases());
    cases.extend(keys::cases());
    cases.extend(body::cases());
    cases.extend(transport::cases());
    cases.extend(contract::cases());
    cases.extend(dedup::cases());
    cases.extend(batches::cases());
    cases.extend(identity::cases());
    cases.extend(store::cases());
    cases.extend(handler::cases());
    cases.extend(forms::cases());
    cases.extend(handshakes::cases());
    cases.extend(tenants::cases());
    cases.extend(events::cases());
    cases.extend(grammar::cases());
    cases.extend(layers::cases());
    cases.extend(setup_handshakes::cases());
    cases.extend(gzip::cases());
    cases
}
