//! What a sender expects of its receiver, as data.

use std::time::Duration;

use crate::error::{ConfigError, ConfigErrorKind};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MEBIBYTE: usize = 1024 * 1024;

/// What a sender counts as success, how long it waits, and how long it may repeat an event.
///
/// ```
/// use countersign::{Contract, Success};
/// use std::time::Duration;
///
/// let contract = Contract::default()
///     .success(Success::Exactly200)
///     .answer_within(Duration::from_secs(4))?
///     .body_cap(256 * 1024)?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Contract {
    success: Success,
    answer_within: Duration,
    replay_window: Duration,
    digest_retention: Duration,
    body_cap: usize,
}

impl Contract {
    /// Which statuses the sender counts as success.
    #[must_use]
    pub const fn success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// When the sender is answered at the latest, counted from the claim. Keep it below the
    /// sender's own deadline.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn answer_within(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.answer_within = positive(span, "answer_within")?;
        Ok(self)
    }

    /// How long after its first delivery the sender may repeat an event, by itself or by hand.
    /// Events are remembered for at least as long.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn replay_window(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.replay_window = positive(span, "replay_window")?;
        Ok(self)
    }

    /// How long an event is remembered by nothing but its body's digest, where two genuine events
    /// may have the same body.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn digest_retention(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.digest_retention = positive(span, "digest_retention")?;
        Ok(self)
    }

    /// The largest body that is taken, in bytes.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn body_cap(mut self, bytes: usize) -> Result<Self, ConfigError> {
        if bytes == 0 {
            return Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                "`body_cap` is zero: give the size of the sender's largest body in bytes",
            ));
        }
        self.body_cap = bytes;
        Ok(self)
    }

    /// The status that answers a handler's success.
    #[must_use]
    pub const fn success_status(&self, handler: u16) -> u16 {
        match self.success {
            Success::Exactly200 => 200,
            Success::Any2xx => handler,
        }
    }

    /// Whether the sender takes `status` for success.
    #[cfg(feature = "testing")]
    pub(crate) const fn counts(&self, status: u16) -> bool {
        match self.success {
            Success::Exactly200 => status == 200,
            Success::Any2xx => 200 <= status && status <= 299,
        }
    }

    /// When the sender is answered at the latest.
    #[must_use]
    pub const fn answer_span(&self) -> Duration {
        self.answer_within
    }

    /// How long after its first delivery an event may be repeated.
    #[must_use]
    pub const fn replay_span(&self) -> Duration {
        self.replay_window
    }

    /// How long an event is remembered by its digest alone.
    #[must_use]
    pub const fn digest_span(&self) -> Duration {
        self.digest_retention
    }

    /// The largest body that is taken, in bytes.
    #[must_use]
    pub const fn cap(&self) -> usize {
        self.body_cap
    }
}

/// What is safe for a sender of whom nothing is known: any 2xx, an answer within 10 s, repeats for
/// up to 7 days, bodies to 1 MiB; 15 minutes for events known by their digest alone.
impl Default for Contract {
    fn default() -> Self {
        Self {
            success: Success::Any2xx,
            answer_within: Duration::from_secs(10),
            replay_window: DAY.saturating_mul(7),
            digest_retention: MINUTE.saturating_mul(15),
            body_cap: MEBIBYTE,
        }
    }
}

/// Which statuses a sender counts as success.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Success {
    /// Any 2xx: the handler's own status is the answer.
    Any2xx,
    /// Only 200: any 2xx of the handler's is answered as 200.
    Exactly200,
}

/// `span`, unless it is zero.
pub(crate) fn positive(span: Duration, setting: &str) -> Result<Duration, ConfigError> {
    if span.is_zero() {
        return Err(ConfigError::new(
            ConfigErrorKind::OutOfRange,
            format!("`{setting}` is zero: give it a time span"),
        ));
    }
    Ok(span)
}
