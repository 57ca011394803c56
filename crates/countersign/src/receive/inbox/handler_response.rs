//! What a handler's response says to the worker.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::{Rejection, RejectionKind};
use crate::event::MessageId;
use crate::inbox::{Retry, RetryPolicy, Settled};

/// The longest pause that a response's `Retry-After` can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What a handler's response says to the worker that ran it.
///
/// | response | the message |
/// |---|---|
/// | a [`Retry`] in its extensions | as that says |
/// | 2xx | is done |
/// | 410, or a body that does not fit the handler's type | is dead |
/// | anything else with `Retry-After` | is tried again after that time |
/// | anything else | is tried again by the [`RetryPolicy`] |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HandlerResponse {
    /// The status; `None` if the handler failed without a response.
    pub status: Option<u16>,
    /// The value of `Retry-After`, in seconds.
    pub retry_after: Option<Duration>,
    /// What the handler has put into the response's extensions.
    pub retry: Option<Retry>,
    /// The rejection in the response's extensions.
    pub rejection: Option<Rejection>,
}

impl HandlerResponse {
    /// Creates the response with a status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Reads the value of `Retry-After`, if it is a number of seconds.
    #[must_use]
    pub fn with_retry_after(mut self, value: Option<&[u8]>) -> Self {
        let seconds = value.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
        self.retry_after = seconds.map(Duration::from_secs);
        self
    }

    /// Returns what becomes of the message, and why the attempt failed if it did.
    pub(super) fn settle(
        &self,
        id: MessageId,
        attempt: u32,
        policy: &RetryPolicy,
    ) -> (Settled, Option<Cow<'static, str>>) {
        if let Some(retry) = &self.retry {
            return (retry.settled(attempt, policy), Some(retry.reason().to_owned().into()));
        }
        let unfit = self.rejection.as_ref();
        let unfit = unfit.filter(|rejection| rejection.kind() == RejectionKind::Undecodable);
        let error = match (unfit, self.status) {
            (Some(unfit), _) => return (Settled::Dead, Some(unfit.to_string().into())),
            (None, Some(200..=299)) => return (Settled::Done, None),
            (None, Some(410)) => {
                return (Settled::Dead, Some("the handler responded 410, Gone".into()));
            }
            (None, Some(status)) => format!("the handler responded {status}").into(),
            (None, None) => "the handler failed without a response".into(),
        };
        let settled = match (policy.after_failure(id, attempt), self.retry_after) {
            (Settled::Retry { .. }, Some(after)) => {
                Settled::Retry { after: after.min(LONGEST_RETRY_AFTER) }
            }
            (settled, _) => settled,
        };
        (settled, Some(error))
    }
}
