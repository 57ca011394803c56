//! Random operations, compared with a model.

use std::collections::BTreeMap;
use std::time::Duration;

use super::broken_promise::{BrokenPromise, promise};
use super::harness::{Harness, InboxUnderTest, LONG, in_lane, message, only};
use crate::dedup::UpdateOutcome;
use crate::event::MessageId;
use crate::inbox::{ClaimedMessage, InboxStore, InspectInbox, MessageState, Settled};
use crate::testing::split_mix::SplitMix64;

const STEPS: u64 = 120;

/// What the model knows of a message.
struct Known {
    state: MessageState,
    attempt: u32,
    lane: Option<u8>,
}

/// Performs random operations with leases that do not expire, and checks each outcome and every state at the end.
pub(super) async fn check<U: InboxUnderTest>(
    suite: &Harness<'_, U>,
    seed: u64,
) -> Result<(), BrokenPromise> {
    let mut random = SplitMix64::new(seed);
    let mut known: BTreeMap<MessageId, Known> = BTreeMap::new();
    // The current attempts, and those that have been settled.
    let (mut running, mut settled): (Vec<ClaimedMessage>, Vec<ClaimedMessage>) = Default::default();
    for step in 0..STEPS {
        match random.below(8) {
            0..3 => {
                let lane = u8::try_from(random.below(4)).unwrap_or_default();
                let name = step.to_string();
                let (stored, lane) = match lane {
                    0 => (message(&name), None),
                    lane => (in_lane(&name, lane), Some(lane)),
                };
                let id = suite.store_message(&stored).await?;
                known.insert(id, Known { state: MessageState::Ready, attempt: 0, lane });
            }
            3..5 => {
                for claimed in suite.claim(3, LONG).await? {
                    let id = claimed.token.id();
                    let is_alone = running.iter().all(|other| {
                        let lane = |id| known.get(&id).and_then(|known| known.lane);
                        lane(id).is_none() || lane(other.token.id()) != lane(id)
                    });
                    promise("one message of a lane runs at a time", is_alone, true)?;
                    let Some(own) = known.get_mut(&id) else {
                        return Err(BrokenPromise::new(
                            "only stored messages are claimed",
                            format!("{id}"),
                        ));
                    };
                    promise("only ready messages are claimed", own.state, MessageState::Ready)?;
                    own.attempt += 1;
                    promise("attempts are counted", claimed.attempt, own.attempt)?;
                    own.state = MessageState::Running;
                    running.push(claimed);
                }
            }
            5..7 if !running.is_empty() => {
                let index = usize::try_from(random.below(running.len() as u64)).unwrap_or_default();
                let attempt = running.swap_remove(index);
                let (how, state, uncounted) = match random.below(4) {
                    0 => (Settled::Done, MessageState::Done, 0),
                    1 => (Settled::Dead, MessageState::Dead, 0),
                    2 => (Settled::Retry { after: Duration::ZERO }, MessageState::Ready, 0),
                    _ => (Settled::Returned { after: Duration::ZERO }, MessageState::Ready, 1),
                };
                let outcome = suite.settle(&attempt, how).await?;
                promise("a running attempt is settled", outcome, UpdateOutcome::Applied)?;
                if let Some(own) = known.get_mut(&attempt.token.id()) {
                    own.state = state;
                    own.attempt -= uncounted;
                }
                settled.push(attempt);
            }
            _ if !settled.is_empty() => {
                let index = usize::try_from(random.below(settled.len() as u64)).unwrap_or_default();
                let Some(earlier) = settled.get(index) else { continue };
                let id = earlier.token.id();
                let replayed = suite.store.replay_messages(&only(id), 1).await?;
                let Some(own) = known.get_mut(&id) else { continue };
                let is_ended = matches!(own.state, MessageState::Done | MessageState::Dead);
                promise(
                    "what has ended is replayed, and nothing else",
                    replayed,
                    u64::from(is_ended),
                )?;
                if is_ended {
                    (own.state, own.attempt) = (MessageState::Ready, 0);
                    let late = suite.settle(earlier, Settled::Dead).await?;
                    promise(
                        "an attempt before a replay is stale",
                        late,
                        UpdateOutcome::StaleToken,
                    )?;
                }
            }
            _ => {}
        }
    }
    for (id, own) in &known {
        promise("every message is in its state", suite.state(*id).await?, Some(own.state))?;
    }
    let live = known
        .values()
        .filter(|own| matches!(own.state, MessageState::Ready | MessageState::Running));
    let live = u64::try_from(live.count()).unwrap_or(u64::MAX);
    promise("the backlog counts what is live", suite.store.backlog().await?.live(), live)
}
