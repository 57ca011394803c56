//! The response to an authentic delivery that is not handled makes its sender retry.

#![allow(clippy::unwrap_used)]

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::omniai::OmniAi;
use countersign::{Admission, Delivery, Outcome, Receiver, Secret, Timestamp};

use common::receive;

fn sender() -> OmniAi {
    OmniAi::new("x-secret", Secret::new("a token").unwrap()).unwrap()
}

fn delivery() -> Delivery {
    receive(&sender(), &[("x-secret", "a token")], b"{}", Timestamp::from_secs(0)).unwrap()
}

#[test]
fn an_event_in_progress_is_503_with_retry_after() {
    let receiver = Receiver::new(sender());
    let delivery = delivery();
    let Admission::Proceed(claim) = ready(receiver.claim(&delivery)).unwrap() else { panic!() };
    let Admission::Respond(second) = ready(receiver.claim(&delivery)).unwrap() else { panic!() };
    assert_eq!(second.status(), Some(503));
    assert!(second.retry_after().is_some_and(|seconds| (1..=60).contains(&seconds)));
    // As for a body that the handler cannot decode: released, so never a duplicate.
    assert_eq!(ready(claim.release()).unwrap(), UpdateOutcome::Applied);
    let Admission::Proceed(again) = ready(receiver.claim(&delivery)).unwrap() else { panic!() };
    assert_eq!(ready(again.commit()).unwrap(), UpdateOutcome::Applied);
    let Admission::Respond(third) = ready(receiver.claim(&delivery)).unwrap() else { panic!() };
    assert_eq!(third, Outcome::Duplicate { same_body: true });
    assert_eq!((third.status(), third.retry_after()), (Some(200), None));
}

#[test]
fn a_failing_store_is_503_with_retry_after() {
    let delivery = delivery();
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Timeout, StoreErrorKind::Full] {
        let receiver = Receiver::builder(sender()).dedup(Down(kind)).build().unwrap();
        let error = ready(receiver.claim(&delivery)).unwrap_err();
        assert_eq!(error.kind(), kind);
        let outcome = Outcome::from(&error);
        assert_eq!(outcome.status(), Some(503));
        assert!(outcome.retry_after().is_some_and(|seconds| seconds > 0));
    }
}

/// A store whose every call fails.
struct Down(StoreErrorKind);

impl Down {
    async fn fail<T>(&self) -> Result<T, StoreError> {
        Err(StoreError::new(self.0, "down"))
    }
}

impl DedupStore for Down {
    async fn claim(&self, _: &EventKey, _: u64, _: Duration) -> Result<ClaimOutcome, StoreError> {
        self.fail().await
    }
    async fn renew(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.fail().await
    }
    async fn commit(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.fail().await
    }
    async fn release(&self, _: &EventKey, _: FencingToken) -> Result<UpdateOutcome, StoreError> {
        self.fail().await
    }
}

/// The output of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(value) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the future waits");
    };
    value
}
