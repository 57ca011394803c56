//! The expectations of a sender: successful statuses, deadlines and sizes.

use std::time::Duration;

use crate::error::{ConfigError, ConfigErrorKind, Validation};

/// How long a sender is assumed to retry by itself that does not document it. Of those that do, nearly all
/// end within 3 days; <https://www.standardwebhooks.com> shows a schedule of that length.
const ASSUMED_RETRY_HORIZON: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The expectations of a sender: which statuses it counts as success, how long it waits for a response,
/// how long it may retry, and how large its bodies are.
///
/// The senders of this crate have their contracts, which
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/senders.md) lists. Build one
/// for a sender of your own:
///
/// ```
/// use std::time::Duration;
///
/// use countersign::{Contract, Success};
///
/// let contract = Contract::builder()
///     .success(Success::Exactly200)
///     .response_deadline(Duration::from_secs(4))
///     .max_body_size(256 * 1024)
///     .build()?;
/// assert_eq!(contract.success_status(202), 200);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// The default is for a sender that documents nothing: any 2xx, a response within 10 s, retries for up
/// to 7 days, bodies of up to 1 MiB, and 15 minutes for events that only their body's digest
/// identifies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contract {
    success: Success,
    response_deadline: Duration,
    retry_window: Duration,
    /// `None` for the whole retry window.
    automatic_retry_horizon: Option<Duration>,
    digest_retention: Duration,
    max_body_size: usize,
}

impl Contract {
    /// Returns a builder that starts from the default contract.
    pub const fn builder() -> ContractBuilder {
        ContractBuilder { contract: Self::DEFAULT }
    }

    const DEFAULT: Self = Self {
        success: Success::Any2xx,
        response_deadline: Duration::from_secs(10),
        retry_window: Duration::from_secs(7 * 24 * 60 * 60),
        automatic_retry_horizon: None,
        digest_retention: Duration::from_secs(15 * 60),
        max_body_size: 1024 * 1024,
    };

    /// Returns the status to send for a handler's success with the status `handler`.
    #[must_use]
    pub const fn success_status(&self, handler: u16) -> u16 {
        match self.success {
            Success::Exactly200 => 200,
            Success::Exactly204 => 204,
            Success::Any2xx => handler,
        }
    }

    /// Returns whether the sender counts `status` as success.
    #[cfg(feature = "testing")]
    pub(crate) const fn counts(&self, status: u16) -> bool {
        match self.success {
            Success::Exactly200 => status == 200,
            Success::Exactly204 => status == 204,
            Success::Any2xx => 200 <= status && status <= 299,
        }
    }

    /// Returns the statuses that the sender counts as success.
    #[must_use]
    pub const fn success(&self) -> Success {
        self.success
    }

    /// Returns the longest time from the claim to the response.
    #[must_use]
    pub const fn response_deadline(&self) -> Duration {
        self.response_deadline
    }

    /// Returns the longest time from an event's first delivery to its last retry or manual redelivery.
    #[must_use]
    pub const fn retry_window(&self) -> Duration {
        self.retry_window
    }

    /// Returns the longest time from an event's first delivery to the last retry that the sender makes by
    /// itself; if that is not known, 3 days, or the retry window if it is shorter.
    ///
    /// Within this time no store forgets a handled event. Beyond it, a store at its capacity may.
    #[must_use]
    pub const fn automatic_retry_horizon(&self) -> Duration {
        match self.automatic_retry_horizon {
            Some(horizon) => horizon,
            None if self.retry_window.as_secs() < ASSUMED_RETRY_HORIZON.as_secs() => {
                self.retry_window
            }
            None => ASSUMED_RETRY_HORIZON,
        }
    }

    /// Returns how long an event is remembered that only its body's digest identifies.
    #[must_use]
    pub const fn digest_retention(&self) -> Duration {
        self.digest_retention
    }

    /// Returns the largest accepted body, in bytes.
    #[must_use]
    pub const fn max_body_size(&self) -> usize {
        self.max_body_size
    }
}

impl Default for Contract {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Builds a [`Contract`]. Settings may come in any order; [`build`](Self::build) validates them.
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ContractBuilder {
    contract: Contract,
}

impl ContractBuilder {
    /// Sets which statuses the sender counts as success.
    pub const fn success(mut self, success: Success) -> Self {
        self.contract.success = success;
        self
    }

    /// Sets the time within which the sender gets a response, counted from the claim.
    ///
    /// Keep it below the sender's own deadline.
    pub const fn response_deadline(mut self, deadline: Duration) -> Self {
        self.contract.response_deadline = deadline;
        self
    }

    /// Sets how long after its first delivery the sender may retry or redeliver an event.
    ///
    /// Handled events are remembered for at least this long.
    pub const fn retry_window(mut self, window: Duration) -> Self {
        self.contract.retry_window = window;
        self
    }

    /// Sets how long after its first delivery the sender may retry an event by itself, as opposed to a
    /// redelivery by hand; zero for a sender that never does.
    ///
    /// A [`MemoryStore`](crate::MemoryStore) at its capacity forgets handled events after this time to make
    /// space. The default is 3 days, or the retry window if it is shorter.
    pub const fn automatic_retry_horizon(mut self, horizon: Duration) -> Self {
        self.contract.automatic_retry_horizon = Some(horizon);
        self
    }

    /// Sets how long an event is remembered that only its body's digest identifies.
    ///
    /// Two genuine events may have the same body, so this is shorter than the retry window.
    pub const fn digest_retention(mut self, retention: Duration) -> Self {
        self.contract.digest_retention = retention;
        self
    }

    /// Sets the largest accepted body, in bytes.
    pub const fn max_body_size(mut self, bytes: usize) -> Self {
        self.contract.max_body_size = bytes;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] for every duration and size that is zero, and for an automatic retry
    /// horizon that is longer than the retry window. The horizon itself may be zero.
    pub fn build(self) -> Result<Contract, ConfigError> {
        let contract = self.contract;
        let mut validation = Validation::default();
        validation.positive("response_deadline", contract.response_deadline);
        validation.positive("retry_window", contract.retry_window);
        validation.positive("digest_retention", contract.digest_retention);
        if contract.automatic_retry_horizon() > contract.retry_window {
            validation.reject(
                ConfigErrorKind::OutOfRange,
                format!(
                    "`automatic_retry_horizon` of {:?} is longer than `retry_window` of {:?}: set `retry_window` to at least the same",
                    contract.automatic_retry_horizon(),
                    contract.retry_window
                ),
            );
        }
        if contract.max_body_size == 0 {
            validation.reject(
                ConfigErrorKind::OutOfRange,
                "`max_body_size` is zero: set it to the size of the sender's largest body, in bytes",
            );
        }
        validation.finish(Some(contract))
    }
}

/// The statuses that a sender counts as success.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Success {
    /// Any 2xx is success, so the handler's own status is sent.
    Any2xx,
    /// Only 200 is success, so any 2xx of the handler is sent as 200.
    Exactly200,
    /// The sender asks for 204 without a body, so any 2xx of the handler is sent as that.
    Exactly204,
}

impl Success {
    /// Returns a fixed name in snake case, for logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any2xx => "any_2xx",
            Self::Exactly200 => "exactly_200",
            Self::Exactly204 => "exactly_204",
        }
    }
}
