//! The suite of inbox stores passes a sound store, and finds each planted fault.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod faulty;

use std::time::Duration;

use countersign::Timestamp;
use countersign::inbox::MemoryInbox;
use countersign::testing::inbox::{InboxUnderTest, check};
use countersign::time::FixedClock;
use faulty::{Fault, Faulty};

struct UnderTest(FixedClock, Fault);

impl InboxUnderTest for UnderTest {
    type Store = Faulty;

    async fn open(&self) -> Faulty {
        Faulty::new(MemoryInbox::danger_with_clock(self.0.clone()).unwrap(), self.1)
    }

    async fn advance(&self, duration: Duration) {
        self.0.advance(duration);
    }
}

async fn result_with(fault: Fault) -> Result<(), &'static str> {
    let clock = FixedClock::new(Timestamp::from_secs(1_700_000_000));
    check(&UnderTest(clock, fault)).await.map_err(|broken| broken.promise())
}

#[tokio::test]
async fn a_sound_store_keeps_every_promise() {
    assert_eq!(result_with(Fault::None).await, Ok(()));
}

#[tokio::test]
async fn each_fault_breaks_the_promise_that_names_it() {
    for (fault, promise) in [
        (Fault::LosesMessages, "a message that is due is claimed, and no other"),
        (Fault::StoresTwice, "an event is stored once"),
        (Fault::LosesLastByte, "a message is returned to the byte"),
        (Fault::HandsOutTwice, "a claimed message is not claimed again within its lease"),
        (Fault::IgnoresPause, "nothing is claimed of a paused endpoint"),
        (Fault::IgnoresLanes, "one message of each lane is claimed"),
        (Fault::SkipsDeadLanes, "a dead message blocks its lane"),
        (Fault::NeverExhausted, "a message has no more attempts than it may"),
        (Fault::HidesDead, "a claim returns the messages that it makes dead"),
        (Fault::AppliesStale, "a stale settlement is reported"),
        (Fault::HidesTakeover, "an expired lease is taken over"),
        (Fault::ForgetsTakeover, "a takeover that is returned is a takeover again"),
        (Fault::CountsReturned, "a returned attempt does not count"),
        (Fault::RetriesAtOnce, "a retry waits for its time"),
        (Fault::DropsRenewals, "a renewed lease has not expired"),
        (Fault::PrunesEverything, "what is recent is kept"),
        (Fault::CountsNothing, "the backlog counts dead messages"),
    ] {
        assert_eq!(result_with(fault).await, Err(promise), "{fault:?}");
    }
}
