//! Keys of many tenants at one endpoint.

use countersign::RejectionKind as Kind;

use crate::case::{Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::By;
use crate::tenants::{Resolver, TENANT};

pub(super) fn cases() -> Vec<Case> {
    let of = |case: Case, resolver| case.config(|config| config.tenants = Some(resolver));
    let request = || Request::good().with(TENANT, "acme");
    let unavailable =
        || Expected { retry_after: Some(1..=60), ..Expected::rejected(503, Kind::KeysUnavailable) };
    let mismatch = Kind::SignatureMismatch;
    vec![
        of(Case::handled("a tenant's own key", request()), Resolver::Knows),
        of(
            Case::new(
                "a tenant's event twice",
                [
                    Step::Send(request(), Expected::handled()),
                    Step::Send(request(), Expected::duplicate()),
                ],
            )
            .ends(1, Holds::Duplicate),
            Resolver::Knows,
        ),
        of(
            Case::rejected("another tenant's key", request().by(By::Stranger), 401, mismatch),
            Resolver::Knows,
        ),
        of(Case::rejected("an unknown tenant", request(), 401, mismatch), Resolver::KnowsNone),
        of(
            Case::rejected("no tenant named", Request::good(), 401, Kind::MissingHeader),
            Resolver::Knows,
        ),
        of(
            Case::rejected(
                "a tenant named twice",
                request().with(TENANT, "beta"),
                400,
                Kind::DuplicateHeader,
            ),
            Resolver::Knows,
        ),
        of(Case::new("unavailable keys", [Step::Send(request(), unavailable())]), Resolver::IsDown),
        of(
            Case::new("keys that time out", [Step::Send(request(), unavailable())])
                .config(|config| config.store_timeout = Some(std::time::Duration::from_millis(50))),
            Resolver::Hangs,
        ),
        of(
            Case::rejected(
                "a tenant's GET",
                request().method("GET").unsigned(),
                405,
                Kind::MethodNotAllowed,
            ),
            Resolver::Knows,
        ),
    ]
}
