//! The inbox: events are stored, acknowledged, and handled by the same handler, over real databases.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

mod actix;
mod faults;
mod outages;
mod senders;
mod support;
mod transaction;
mod worker;

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;

/// Makes a test with each store of every function of a module.
macro_rules! with_each_store {
    ($module:ident: $($test:ident,)*) => {
        mod $module {
            mod sqlite {
                $(
                    #[tokio::test]
                    async fn $test() {
                        let dir = tempfile::tempdir().unwrap();
                        crate::$module::$test(crate::sqlite(dir.path()).await).await;
                    }
                )*
            }

            mod postgres {
                $(
                    #[tokio::test]
                    async fn $test() {
                        let Some(server) = countersign_test_support::PostgresServer::shared() else {
                            return;
                        };
                        crate::$module::$test(crate::postgres(&server).await).await;
                    }
                )*
            }
        }
    };
}

async fn sqlite(dir: &std::path::Path) -> SqliteStore {
    SqliteStore::open(dir.join("inbox.db")).await.unwrap()
}

/// A store with tables of its own on the shared server.
async fn postgres(server: &PostgresServer) -> PostgresStore {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let store = PostgresStore::new(server.pool(8, &[]).await);
    let store = store.table(&format!("events_{number}")).unwrap();
    store.migrate().await.unwrap();
    store
}

mod tests {
    with_each_store! {
        faults:
        an_attempt_that_ended_after_its_message_was_dead_is_not_applied,
        a_committed_message_is_not_reported_as_dead,
        several_workers_keep_the_order_of_every_lane,
    }

    with_each_store! {
        senders:
        an_event_of_a_tenant_is_handled_as_that_tenants,
        only_the_items_that_failed_are_handled_again,
    }

    with_each_store! {
        worker:
        an_event_is_acknowledged_before_its_handler_runs,
        the_handler_gets_the_request_as_it_came_but_for_its_credentials,
        a_handler_that_fails_is_run_again_until_it_succeeds,
        a_pause_is_stored_and_a_snooze_does_not_count,
        a_retry_after_of_the_handler_is_honoured,
        a_handler_that_exceeds_its_time_is_cancelled_and_counts,
        a_worker_that_is_stopped_returns_its_messages_uncounted,
        a_drain_waits_for_the_running_handler_and_its_settlement,
        the_messages_of_a_worker_that_died_are_taken_over,
        a_message_that_ends_its_process_is_dead_in_the_end,
        an_endpoint_that_the_worker_does_not_have_is_left_alone,
        a_message_without_a_route_is_returned_uncounted,
        a_paused_endpoint_stores_events_and_handles_none,
        events_of_one_ordering_key_are_handled_in_order_one_at_a_time,
        a_dead_message_blocks_its_lane_unless_it_is_skipped,
        a_replayed_message_is_handled_again_and_says_so,
        a_full_inbox_rejects_events_until_there_is_room,
        attempts_that_are_exhausted_leave_the_message_dead,
        a_handler_that_is_gone_leaves_the_message_dead_at_once,
        a_handler_can_give_a_message_up,
        an_event_with_any_text_in_its_fields_is_stored,
        two_workers_handle_each_event_once,
        no_more_events_of_an_endpoint_are_handled_at_a_time_than_its_limit,
        a_body_that_does_not_fit_leaves_the_message_dead_and_says_where,
    }
}
