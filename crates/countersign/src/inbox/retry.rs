//! When a failed attempt is repeated.

use std::sync::Arc;
use std::time::Duration;

use super::settlement::Settled;
use crate::event::{MessageId, fingerprint};

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60 * 60);
const ATTEMPTS: u32 = 12;

/// How often a message is tried, and how long a worker waits between two attempts.
///
/// The default is twelve attempts with pauses that double from 5 s to 1 h: about two hours in all. Each pause
/// is shortened by up to a half, differently for each message, so that messages that failed together are not
/// repeated together. The pause is stored with the message: it survives a restart.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::inbox::RetryPolicy;
///
/// let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
/// let policy = RetryPolicy::exponential(Duration::from_secs(5), minutes(60)).max_attempts(8);
/// let schedule = RetryPolicy::schedule([minutes(1), minutes(10), minutes(60)]);
/// assert_eq!(schedule.attempts(), 4);
/// # drop(policy);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct RetryPolicy {
    pauses: Pauses,
    max_attempts: u32,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Pauses {
    Exponential { first: Duration, longest: Duration },
    Schedule(Arc<[Duration]>),
}

impl RetryPolicy {
    /// Creates a policy of twelve attempts, with pauses that double from `first` to `longest`.
    pub const fn exponential(first: Duration, longest: Duration) -> Self {
        Self { pauses: Pauses::Exponential { first, longest }, max_attempts: ATTEMPTS }
    }

    /// Creates a policy with these pauses: one attempt more than there are pauses.
    pub fn schedule(pauses: impl Into<Arc<[Duration]>>) -> Self {
        let pauses = pauses.into();
        let retries = u32::try_from(pauses.len()).unwrap_or(u32::MAX);
        Self { pauses: Pauses::Schedule(pauses), max_attempts: retries.saturating_add(1) }
    }

    /// Sets how many attempts a message has, the first included; at least one.
    ///
    /// A schedule repeats its last pause if it has fewer.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Returns how many attempts a message has.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Returns what becomes of a message whose attempt has failed.
    #[must_use]
    pub fn after_failure(&self, id: MessageId, attempt: u32) -> Settled {
        if attempt >= self.max_attempts {
            return Settled::Dead;
        }
        let retries = attempt.saturating_sub(1);
        let pause = match &self.pauses {
            Pauses::Exponential { first, longest } => {
                first.saturating_mul(1_u32.checked_shl(retries).unwrap_or(u32::MAX)).min(*longest)
            }
            Pauses::Schedule(pauses) => {
                let index = usize::try_from(retries).unwrap_or(usize::MAX);
                pauses.get(index).or(pauses.last()).copied().unwrap_or_default()
            }
        };
        Settled::Retry { after: shortened(pause, id, attempt) }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::exponential(FIRST, LONGEST)
    }
}

/// Shortens a pause to between a half and the whole, by a number that differs between messages and attempts.
fn shortened(pause: Duration, id: MessageId, attempt: u32) -> Duration {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&id.as_u64().to_be_bytes());
    bytes[8..].copy_from_slice(&attempt.to_be_bytes());
    let share = u32::try_from(fingerprint(&bytes) % 1024).unwrap_or_default();
    let half = pause / 2;
    half.saturating_add((half / 1024).saturating_mul(share))
}

/// What a handler asks of the worker that runs it, instead of the [`RetryPolicy`].
///
/// The handler puts it into the extensions of its response, whose status is then of no account to the worker.
/// Without an inbox, the response's status decides as ever.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::inbox::Retry;
///
/// fn unknown_order() -> http::Response<()> {
///     let mut response = http::Response::new(());
///     *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
///     response.extensions_mut().insert(Retry::after(Duration::from_secs(30)));
///     response
/// }
/// # assert!(unknown_order().extensions().get::<Retry>().is_some());
/// ```
///
/// In axum, `(StatusCode::SERVICE_UNAVAILABLE, Extension(Retry::never("no such order")))` is a response.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Retry {
    kind: Kind,
    reason: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    After(Duration),
    Snooze(Duration),
    Never,
}

impl Retry {
    /// The attempt has failed, and is repeated after `pause` unless it was the last.
    pub const fn after(pause: Duration) -> Self {
        Self { kind: Kind::After(pause), reason: None }
    }

    /// The attempt is repeated after `pause`, and does not count: what the handler waits for is not there
    /// yet.
    pub const fn snooze(pause: Duration) -> Self {
        Self { kind: Kind::Snooze(pause), reason: None }
    }

    /// The attempt has failed for good: the message is dead at once, for this reason.
    pub fn never(reason: impl Into<Box<str>>) -> Self {
        Self { kind: Kind::Never, reason: Some(reason.into()) }
    }

    /// Adds the reason, for an operator.
    pub fn because(mut self, reason: impl Into<Box<str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    pub(crate) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or("the handler asked for a retry")
    }

    /// Returns what becomes of a message whose attempt has ended so.
    pub(crate) const fn settled(&self, attempt: u32, policy: &RetryPolicy) -> Settled {
        match self.kind {
            Kind::After(_) if attempt >= policy.max_attempts => Settled::Dead,
            Kind::After(after) => Settled::Retry { after },
            Kind::Snooze(after) => Settled::Returned { after },
            Kind::Never => Settled::Dead,
        }
    }
}
