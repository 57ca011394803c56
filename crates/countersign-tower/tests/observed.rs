//! Metrics, spans and log messages of deliveries.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails; gauges hold whole numbers"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::dedup::{EventKey, Identity, StoreStats};
use countersign::time::FixedClock;
use countersign::{MemoryStore, Receiver, ReceiverBuilder, Timestamp};
use countersign_test_support::CapturedLog;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use support::{
    Action, Fault, FaultyStore, Handler, Operation, builder, deliver, guard, sender, signed,
    signed_at,
};
use tower::ServiceExt;
use tracing::Instrument;

/// The metrics of this thread, in the format of Prometheus.
struct Recorded {
    prometheus: PrometheusHandle,
    _recording: metrics::LocalRecorderGuard<'static>,
}

impl Recorded {
    fn start() -> Self {
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let prometheus = recorder.handle();
        Self { prometheus, _recording: metrics::set_default_local_recorder(recorder) }
    }

    /// Returns the metrics whose names end with `end`, with the values of their labels.
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
    let recorded = Recorded::start();
    deliver(&guard(named(builder()), &Handler::responding()), signed("msg_1")).await;
    recorded.counts(&[
        ("verified orders standard-webhooks default", 1.0),
        ("deliveries orders standard-webhooks handled ", 1.0),
    ]);
}

#[tokio::test]
async fn a_rejection_is_counted_by_its_kind() {
    let recorded = Recorded::start();
    let mut request = signed("msg_1");
    request.headers_mut().remove("webhook-signature");
    deliver(&guard(named(builder()), &Handler::responding()), request).await;
    recorded.counts(&[("deliveries orders standard-webhooks rejected missing_header", 1.0)]);
}

#[tokio::test]
async fn a_known_event_is_a_dedup_hit() {
    let service = guard(named(builder()), &Handler::responding());
    deliver(&service, signed("msg_1")).await;
    let recorded = Recorded::start();
    deliver(&service, signed("msg_1")).await;
    deliver(&service, signed_at("msg_1", r#"{"attempt":2}"#, support::NOW)).await;
    recorded.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks duplicate ", 2.0),
        ("dedup_hits orders standard-webhooks duplicate", 1.0),
        ("dedup_hits orders standard-webhooks other_body", 1.0),
    ]);
}

#[tokio::test(start_paused = true)]
async fn an_event_taken_over_is_a_dedup_hit() {
    let recorded = Recorded::start();
    let store = FaultyStore::new();
    store.fail(Operation::Claim, Fault::ResultLost);
    let service =
        guard(named(Receiver::builder(sender()).dedup(store.clone())), &Handler::responding());
    deliver(&service, signed("msg_1")).await;
    store.recover();
    tokio::time::advance(Duration::from_secs(61)).await;
    deliver(&service, signed("msg_1")).await;
    recorded.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks store_unavailable ", 1.0),
        ("deliveries orders standard-webhooks handled ", 1.0),
        ("dedup_hits orders standard-webhooks takeover", 1.0),
    ]);
}

#[tokio::test]
async fn an_event_is_in_progress_until_it_is_committed() {
    let recorded = Recorded::start();
    let handler = Handler::paused();
    let service = guard(named(builder()), &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    assert_eq!(recorded.gauge(IN_PROGRESS), Some(1.0));
    deliver(&service, signed("msg_1")).await;
    recorded.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks in_progress ", 1.0),
        ("dedup_hits orders standard-webhooks in_progress", 1.0),
    ]);
    handler.resume(1);
    first.await.unwrap().unwrap();
    // The response is sent one step before the gauge is decremented.
    while recorded.gauge(IN_PROGRESS) != Some(0.0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_handler_and_each_call_of_the_store_are_timed() {
    let recorded = Recorded::start();
    let handler = Handler::responding().with_actions([Action::Respond(500)]);
    let service = guard(named(builder()), &handler);
    deliver(&service, signed("msg_1")).await;
    deliver(&service, signed("msg_1")).await;
    recorded.times(&[
        ("handler orders standard-webhooks failed", 1.0),
        ("handler orders standard-webhooks handled", 1.0),
        ("store orders standard-webhooks claim ok", 2.0),
        ("store orders standard-webhooks commit ok", 1.0),
        ("store orders standard-webhooks release ok", 1.0),
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_store_failure_is_recorded_by_its_kind() {
    for (fault, result, outcome) in [
        (Fault::Unavailable, "unavailable", "store_unavailable"),
        (Fault::Full, "full", "store_full"),
        (Fault::Hangs, "timeout", "store_unavailable"),
    ] {
        let recorded = Recorded::start();
        let store = FaultyStore::new();
        store.fail(Operation::Claim, fault);
        let receiver = named(Receiver::builder(sender()).dedup(store));
        deliver(&guard(receiver, &Handler::responding()), signed("msg_1")).await;
        let store = format!("store orders standard-webhooks claim {result}");
        recorded.times(&[(&store, 1.0)]);
        let response = format!("deliveries orders standard-webhooks {outcome} ");
        let verified = "verified orders standard-webhooks default";
        recorded.counts(&[(&response, 1.0), (verified, 1.0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_outcome_is_counted_separately() {
    let recorded = Recorded::start();
    let handler = Handler::paused();
    let service = guard(named(builder()), &handler);
    let response = deliver(&service, signed("msg_1")).await;
    assert_eq!(response.status(), 503);
    recorded.counts(&[
        ("verified orders standard-webhooks default", 1.0),
        ("deliveries orders standard-webhooks deadline_exceeded ", 1.0),
    ]);
    handler.resume(1);
    while recorded.gauge(IN_PROGRESS) != Some(0.0) {
        tokio::task::yield_now().await;
    }
    deliver(&service, signed("msg_1")).await;
    recorded.counts(&[
        ("verified orders standard-webhooks default", 2.0),
        ("deliveries orders standard-webhooks deadline_exceeded ", 1.0),
        ("late orders standard-webhooks handled", 1.0),
        ("deliveries orders standard-webhooks duplicate ", 1.0),
        ("dedup_hits orders standard-webhooks duplicate", 1.0),
    ]);
}

#[tokio::test]
async fn without_dedup_no_store_is_timed() {
    let recorded = Recorded::start();
    let receiver = named(Receiver::builder(sender()).danger_without_dedup());
    deliver(&guard(receiver, &Handler::responding()), signed("msg_1")).await;
    recorded.times(&[("handler orders standard-webhooks handled", 1.0)]);
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
    let recorded = Recorded::start();
    countersign::metrics::report_store("events", &stats);
    assert_eq!(recorded.gauge("store_events events in_progress"), Some(5.0));
    assert_eq!(recorded.gauge("store_events events lease_expired"), Some(2.0));
    assert_eq!(recorded.gauge("store_oldest_expired_lease_seconds events"), Some(1.5));
    assert_eq!(recorded.gauge("store_events events handled"), Some(3.0));
    assert_eq!(recorded.gauge("store_events events expired"), Some(4.0));
    assert_eq!(recorded.gauge("store_bytes events"), Some(8192.0));
}

#[tokio::test]
async fn a_memory_store_reports_its_fill_and_what_it_forgets() {
    let recorded = Recorded::start();
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = MemoryStore::with_clock(5, clock.clone()).unwrap();
    let service = guard(named(builder().dedup(store)), &Handler::responding());
    let deliver = async |id: u32| drop(deliver(&service, signed(&format!("msg_{id}"))).await);
    for (id, fill) in [(1, 0.2), (2, 0.4), (3, 0.6)] {
        deliver(id).await;
        assert_eq!(recorded.gauge("store_fill orders standard-webhooks"), Some(fill));
    }
    deliver(4).await;
    deliver(5).await;
    // The sender retries for four days by itself.
    clock.advance(Duration::from_secs(4 * 24 * 3600 - 1));
    deliver(6).await;
    assert_eq!(recorded.ending("store_forgotten_total"), BTreeMap::new());
    clock.advance(Duration::from_secs(1));
    deliver(6).await;
    deliver(7).await;
    let forgotten = recorded.ending("_total")["store_forgotten orders standard-webhooks"];
    assert_eq!(forgotten, 2.0);
    assert_eq!(recorded.gauge("store_fill orders standard-webhooks"), Some(1.0));
}

#[tokio::test]
async fn a_span_in_the_requests_own_names_the_sender_the_type_and_the_events_key() {
    let log = CapturedLog::start();
    let service = guard(named(builder()), &Handler::responding());
    let request = tracing::info_span!("request");
    deliver(&service, signed("msg_1")).instrument(request.clone()).await;
    deliver(&service, signed("msg_1")).instrument(request).await;
    let key = EventKey::new("orders", "standard-webhooks", &Identity::id("msg_1"));
    log.assert_duplicate_ping(&key);
}
