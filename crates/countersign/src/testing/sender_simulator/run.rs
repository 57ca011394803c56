//! One run of a simulation.

use std::time::Duration;

use super::config::Config;
use super::schedule::{Schedule, kinds, millis};
use crate::error::ConfigError;
use crate::testing::report::{Attempt, Report, Sent, SentKind};
use crate::testing::signed_request::SignedRequest;
use crate::testing::split_mix::SplitMix64;
use crate::testing::webhook_request::WebhookRequest;
use crate::time::{Clock, Timestamp};

pub(super) struct Run<'c> {
    config: &'c Config,
    events: Vec<WebhookRequest>,
    /// The first request of each event, for replays.
    recorded: Vec<Option<SignedRequest>>,
    sent: Vec<(Sent, SplitMix64)>,
    schedule: Schedule,
}

impl<'c> Run<'c> {
    pub(super) fn new(
        config: &'c Config,
        events: impl IntoIterator<Item = WebhookRequest>,
    ) -> Result<Self, ConfigError> {
        let with_ids = events.into_iter().enumerate().map(|(number, event)| {
            let needs_id = config.scheme.signs_id_header && !event.has_id();
            if needs_id { event.id(format!("event-{number}")) } else { event }
        });
        let events: Vec<_> = with_ids.collect();
        let kinds = kinds(config, events.len())?;
        let schedule = Schedule::new(config, &kinds);
        let sent = kinds.into_iter().enumerate().map(|(number, (event, kind))| {
            let sent = Sent { event, kind, attempts: Vec::new(), is_accepted: false };
            // A generator for each delivery, so that the order of responses has no influence.
            (sent, SplitMix64::split(config.seed, number as u64))
        });
        Ok(Self {
            config,
            recorded: vec![None; events.len()],
            sent: sent.collect(),
            events,
            schedule,
        })
    }

    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<usize> {
        self.schedule.take_due(now)
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.schedule.next_time()
    }

    /// The next request of a delivery; `None` for a replay of a request that was not sent yet.
    pub(super) fn request(&mut self, number: usize) -> Result<Option<SignedRequest>, ConfigError> {
        let Self { config, .. } = *self;
        let Some((sent, random)) = self.sent.get_mut(number) else { return Ok(None) };
        let Some(event) = self.events.get(sent.event) else { return Ok(None) };
        let Some(recorded) = self.recorded.get_mut(sent.event) else { return Ok(None) };
        let now = config.clock.now();
        let delay = Duration::from_millis(random.below(millis(config.max_delay)));
        let sign = |request: &WebhookRequest, time| request.sign(&config.scheme, &config.key, time);
        match sent.kind {
            SentKind::Replay => Ok(recorded.clone()),
            SentKind::Tampered(tampering) => {
                // Signed without a delay, which could make a future timestamp fresh.
                sign(&event.clone().tampered_at(tampering, random.next()), now).map(Some)
            }
            SentKind::First | SentKind::Duplicate => {
                let request = sign(event, now.saturating_sub(delay))?;
                recorded.get_or_insert_with(|| request.clone());
                Ok(Some(request))
            }
        }
    }

    /// Records the response to a request, and schedules the retry if one is due.
    pub(super) fn responded(&mut self, number: usize, status: u16) {
        let Some((sent, random)) = self.sent.get_mut(number) else { return };
        let now = self.config.clock.now();
        let is_lost = random.chance(self.config.lost_responses);
        sent.attempts.push(Attempt { at: now, status, is_lost });
        sent.is_accepted = !is_lost && self.config.contract.counts(status);
        let is_retried = matches!(sent.kind, SentKind::First | SentKind::Duplicate);
        if sent.is_accepted || !is_retried {
            return;
        }
        if let Some(delay) = self.config.retries.get(sent.attempts.len() - 1) {
            // A jitter of up to a tenth, as senders spread their retries.
            let jitter = Duration::from_millis(random.below(millis(*delay / 10)));
            self.schedule.add(now.saturating_add(*delay).saturating_add(jitter), number);
        }
    }

    pub(super) fn report(self) -> Report {
        Report {
            seed: self.config.seed,
            sender: self.config.scheme.sender().to_owned(),
            events: self.events.len(),
            sent: self.sent.into_iter().map(|(sent, _)| sent).collect(),
        }
    }
}
