//! What an operator sees: metrics and spans.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails; gauges hold whole numbers"
)]

#[path = "support/log.rs"]
mod log;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::dedup::{EventKey, Identity, StoreStats};
use countersign::{Receiver, ReceiverBuilder};
use log::Log;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use support::{
    Act, Breakable, Fault, Handler, Op, builder, deliver, guard, sender, signed, signed_at,
};
use tower::ServiceExt;
use tracing::Instrument;

/// What this thread's recorder was told, as Prometheus would read it.
struct Seen {
    prometheus: PrometheusHandle,
    _recording: metrics::LocalRecorderGuard<'static>,
}

impl Seen {
    fn begin() -> Self {
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let prometheus = recorder.handle();
        Self { prometheus, _recording: metrics::set_default_local_recorder(recorder) }
    }

    /// The metrics whose names end so, with the values of their labels.
    fn ending(&self, end: &str) -> BTreeMap<String, f64> {
        let text = self.prometheus.render();
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let named = lines.filter_map(|(metric, value)| {
            let (name, labels) = metric.split_once('{')?;
            let name = name.strip_suffix(end)?.strip_prefix("countersign_")?;
            let labels: Vec<_> = labels.split('"').skip(1).step_by(2).collect();
            Some((format!("{name} {}", labels.join(" ")), value.parse().ok()?))
        });
        named.collect()
    }

    #[track_caller]
    fn counts(&self, expected: &[(&str, f64)]) {
        assert_eq!(self.ending("_total"), owned(expected));
    }

    #[track_caller]
    fn times(&self, expected: &[(&str, f64)]) {
        assert_eq!(self.ending("_seconds_count"), owned(expected));
        let sums = self.ending("_seconds_sum");
        assert!(sums.values().all(|sum| (0.0..60.0).contains(sum)), "{sums:?}");
    }

    fn gauge(&self, name: &str) -> Option<f64> {
        self.ending("").get(name).copied()
    }
}

fn owned(expected: &[(&str, f64)]) -> BTreeMap<String, f64> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

fn named(receiver: ReceiverBuilder) -> Receiver {
    receiver.endpoint("orders").build().unwrap()
}

const IN_PROGRESS: &str = "in_progress orders standard-webhooks";

#[tokio::test]
async fn a_delivery_is_counted_by_its_outcome_and_its_key() {
    let seen = Seen::begin();
    deliver(&guard(named(builder()), &Handler::open()), signed("msg_1")).await;
    seen.counts(&[
        ("verified orders standard-webhooks default", 1.0),
        ("deliveries orders standard-webhooks handled ", 1.0),
    ]);
}

#[tokio::test]
async fn a_rejection_is_counted_by_its_kind() {
    let seen = Seen::begin();
    let mut request = signed("msg_1");
    request.headers_mut().remove("webhook-signature");
    deliver(&guard(named(builder()), &Handler::open()), request).await;
    seen.counts(&[("deliveries orders standard-webhooks rejected missing_header", 1.0)]);
}

#[tokio::test]
async fn a_known_event_is_a_dedup_hit() {
    let service = guard(named(builder()), &Handler::open());
    deliver(&service, signed("msg_1")).await;
    let seen = Seen::begin();
    deliver(&service, signed("msg_1")).await;
    deliver(&service, signed_at("msg_1", r#"{"attempt":2}"#, support::NOW)).await;
    seen.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks duplicate ", 2.0),
        ("dedup_hits orders standard-webhooks duplicate", 1.0),
        ("dedup_hits orders standard-webhooks other_body", 1.0),
    ]);
}

#[tokio::test(start_paused = true)]
async fn an_event_taken_over_is_a_dedup_hit() {
    let seen = Seen::begin();
    let store = Breakable::new();
    store.breaks(Op::Claim, Fault::AnswerLost);
    let service = guard(named(Receiver::builder(sender()).dedup(store.clone())), &Handler::open());
    deliver(&service, signed("msg_1")).await;
    store.mend();
    tokio::time::advance(Duration::from_secs(61)).await;
    deliver(&service, signed("msg_1")).await;
    seen.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks store_unavailable ", 1.0),
        ("deliveries orders standard-webhooks handled ", 1.0),
        ("dedup_hits orders standard-webhooks takeover", 1.0),
    ]);
}

#[tokio::test]
async fn an_event_in_hand_is_in_progress_until_it_is_settled() {
    let seen = Seen::begin();
    let handler = Handler::held();
    let service = guard(named(builder()), &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    assert_eq!(seen.gauge(IN_PROGRESS), Some(1.0));
    deliver(&service, signed("msg_1")).await;
    seen.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks in_progress ", 1.0),
        ("dedup_hits orders standard-webhooks in_progress", 1.0),
    ]);
    handler.let_through(1);
    first.await.unwrap().unwrap();
    // The answer goes out a step before the event is out of hand.
    while seen.gauge(IN_PROGRESS) != Some(0.0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_handler_and_each_call_of_the_store_are_timed() {
    let seen = Seen::begin();
    let handler = Handler::open().acting([Act::Answer(500)]);
    let service = guard(named(builder()), &handler);
    deliver(&service, signed("msg_1")).await;
    deliver(&service, signed("msg_1")).await;
    seen.times(&[
        ("handler orders standard-webhooks failed", 1.0),
        ("handler orders standard-webhooks handled", 1.0),
        ("store orders standard-webhooks claim ok", 2.0),
        ("store orders standard-webhooks commit ok", 1.0),
        ("store orders standard-webhooks release ok", 1.0),
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told_by_how() {
    for (fault, result, outcome) in [
        (Fault::Unavailable, "unavailable", "store_unavailable"),
        (Fault::Full, "full", "store_full"),
        (Fault::Hangs, "timeout", "store_unavailable"),
    ] {
        let seen = Seen::begin();
        let store = Breakable::new();
        store.breaks(Op::Claim, fault);
        let receiver = named(Receiver::builder(sender()).dedup(store));
        deliver(&guard(receiver, &Handler::open()), signed("msg_1")).await;
        let store = format!("store orders standard-webhooks claim {result}");
        seen.times(&[(&store, 1.0)]);
        let answer = format!("deliveries orders standard-webhooks {outcome} ");
        let verified = "verified orders standard-webhooks default";
        seen.counts(&[(&answer, 1.0), (verified, 1.0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_late_delivery_came_to_is_counted_apart() {
    let seen = Seen::begin();
    let handler = Handler::held();
    let service = guard(named(builder()), &handler);
    let answer = deliver(&service, signed("msg_1")).await;
    assert_eq!(answer.status(), 503);
    seen.counts(&[
        ("verified orders standard-webhooks default", 1.0),
        ("deliveries orders standard-webhooks deadline_exceeded ", 1.0),
    ]);
    handler.let_through(1);
    while seen.gauge(IN_PROGRESS) != Some(0.0) {
        tokio::task::yield_now().await;
    }
    deliver(&service, signed("msg_1")).await;
    seen.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks deadline_exceeded ", 1.0),
        ("late orders standard-webhooks handled", 1.0),
        ("deliveries orders standard-webhooks duplicate ", 1.0),
        ("dedup_hits orders standard-webhooks duplicate", 1.0),
    ]);
}

#[tokio::test]
async fn without_dedup_no_store_is_timed() {
    let seen = Seen::begin();
    let receiver = named(Receiver::builder(sender()).danger_without_dedup());
    deliver(&guard(receiver, &Handler::open()), signed("msg_1")).await;
    seen.times(&[("handler orders standard-webhooks handled", 1.0)]);
}

#[test]
fn a_stores_size_and_age_are_gauges() {
    let mut stats = StoreStats::default();
    stats.in_progress = 5;
    stats.lease_expired = 2;
    stats.oldest_expired_lease = Duration::from_millis(1500);
    stats.handled = 3;
    stats.expired = 4;
    stats.bytes = Some(8192);
    let seen = Seen::begin();
    countersign::metrics::report_store("events", &stats);
    assert_eq!(seen.gauge("store_events events in_progress"), Some(5.0));
    assert_eq!(seen.gauge("store_events events lease_expired"), Some(2.0));
    assert_eq!(seen.gauge("store_oldest_expired_lease_seconds events"), Some(1.5));
    assert_eq!(seen.gauge("store_events events handled"), Some(3.0));
    assert_eq!(seen.gauge("store_events events expired"), Some(4.0));
    assert_eq!(seen.gauge("store_bytes events"), Some(8192.0));
}

#[tokio::test]
async fn a_span_in_the_requests_own_names_the_sender_the_type_and_the_events_key() {
    let log = Log::begin();
    let service = guard(named(builder()), &Handler::open());
    let request = tracing::info_span!("request");
    deliver(&service, signed("msg_1")).instrument(request.clone()).await;
    deliver(&service, signed("msg_1")).instrument(request).await;
    let key = EventKey::new("orders", "standard-webhooks", &Identity::id("msg_1"));
    log.tells_of_a_ping_that_came_twice(&key);
}
