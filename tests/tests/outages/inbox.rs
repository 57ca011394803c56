//! An inbox whose connections are cut in the middle of a call.

use std::time::Duration;

use countersign::dedup::{EventKey, Identity};
use countersign::inbox::{
    EndpointClaim, EnqueueOutcome, InboxStore, InspectInbox, MessageClaim, MessageFilter,
    MessageState, MessageToken, NewMessage, SettleOutcome, Settled, Settlement,
};
use countersign::testing::store::NetworkLink;
use countersign_sqlx::PostgresStore;
use countersign_test_support::PostgresServer;
use sqlx::postgres::PgPoolOptions;
use tokio::time::timeout;

use crate::postgres_store;
use crate::proxy::{Cut, Direction, Proxy, Target};

/// How many positions there are for each one that is tried.
const STRIDE: usize = 29;

/// How long a call over a cut connection may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The lease of a claim whose reply may be lost, after which another takes over.
const LEASE: Duration = Duration::from_millis(8);

/// One store, reached directly and over the proxy.
struct Inbox {
    direct: PostgresStore,
    linked: PostgresStore,
    proxy: Proxy,
}

/// What the cuts have done.
#[derive(Default)]
struct Report {
    cuts: usize,
    failed: usize,
}

impl Report {
    fn add(&mut self, failed: bool, was_cut: bool) -> bool {
        assert!(was_cut || !failed, "the call failed although nothing was cut");
        self.cuts += usize::from(was_cut);
        self.failed += usize::from(failed);
        was_cut
    }
}

fn message(number: usize) -> NewMessage {
    let id = format!("evt_{number}");
    let key = EventKey::new("cut", "suite", &Identity::id(&id));
    let mut message = NewMessage::new(key, "cut", id.clone().into_bytes());
    message.event_id = Some(id.into());
    message
}

fn claim(lease: Duration) -> MessageClaim {
    MessageClaim::new(vec![EndpointClaim::new("cut", 1, 1000)], 1, lease, "suite".into())
}

impl Inbox {
    async fn token(&self, lease: Duration) -> MessageToken {
        let claimed = self.direct.claim_messages(&claim(lease)).await.unwrap();
        assert_eq!(claimed.messages.len(), 1);
        claimed.messages.first().unwrap().token
    }

    /// Stores an event over a connection that is cut; then there is one message, also after a retry.
    async fn enqueue(&self, number: usize, position: usize, report: &mut Report) -> bool {
        self.proxy.cut(position);
        let stored = timeout(LIMIT, self.linked.enqueue(&message(number))).await.unwrap();
        let was_cut = report.add(stored.is_err(), self.proxy.restore());
        let again = self.direct.enqueue(&message(number)).await.unwrap();
        match (stored, again) {
            (Err(_), EnqueueOutcome::Stored(_)) | (_, EnqueueOutcome::Duplicate { .. }) => {}
            other => panic!("at {position}: {other:?}"),
        }
        let token = self.token(Duration::from_secs(60)).await;
        self.settle_directly(token).await;
        was_cut
    }

    /// Claims over a connection that is cut; then the message can be claimed once the lease has expired.
    async fn claim(&self, number: usize, position: usize, report: &mut Report) -> bool {
        self.direct.enqueue(&message(number)).await.unwrap();
        self.proxy.cut(position);
        let claimed = timeout(LIMIT, self.linked.claim_messages(&claim(LEASE))).await.unwrap();
        let was_cut = report.add(claimed.is_err(), self.proxy.restore());
        let token = loop {
            let again = self.direct.claim_messages(&claim(Duration::from_secs(60))).await.unwrap();
            if let Some(message) = again.messages.first() {
                break message.token;
            }
            tokio::time::sleep(LEASE).await;
        };
        if let Ok(claimed) = &claimed
            && let Some(first) = claimed.messages.first()
        {
            assert!(first.token.fencing_token() < token.fencing_token(), "at {position}");
        }
        self.settle_directly(token).await;
        was_cut
    }

    /// Settles over a connection that is cut; then it can be settled again, and is done once.
    async fn settle(&self, number: usize, position: usize, report: &mut Report) -> bool {
        self.direct.enqueue(&message(number)).await.unwrap();
        let token = self.token(Duration::from_secs(60)).await;
        let done = [Settlement::new(token, Settled::Done)];
        self.proxy.cut(position);
        let settled = timeout(LIMIT, self.linked.settle_messages(&done)).await.unwrap();
        let was_cut = report.add(settled.is_err(), self.proxy.restore());
        if let Ok(settled) = settled {
            assert_eq!(settled, [SettleOutcome::Applied], "at {position}");
        }
        self.settle_directly(token).await;
        assert_eq!(self.direct.attempts(token.id()).await.unwrap().len(), 1, "at {position}");
        was_cut
    }

    async fn settle_directly(&self, token: MessageToken) {
        let done = [Settlement::new(token, Settled::Done)];
        let settle = async || self.direct.settle_messages(&done).await.unwrap().remove(0);
        let mut settled = settle().await;
        // The call that was cut may still be executed.
        while settled == SettleOutcome::Locked {
            settled = settle().await;
        }
        assert_eq!(settled, SettleOutcome::Applied);
        let record = self.direct.message(token.id()).await.unwrap().unwrap();
        assert_eq!(record.state, MessageState::Done);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_loses_nothing_to_connections_cut_at_any_byte() {
    let Some(server) = PostgresServer::start() else { return };
    let proxy = Proxy::to(Target::Socket(server.dir().join(".s.PGSQL.5432"))).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
    let direct = postgres_store(&server.url()).await;
    let one = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    let mut inbox = Inbox { direct, linked: PostgresStore::new(one), proxy };
    let (mut report, mut number) = (Report::default(), 0);
    for direction in [Direction::ToServer, Direction::ToClient] {
        for each in [false, true] {
            inbox.proxy.set_cut(Cut { direction, each, stride: STRIDE });
            for call in 0..3 {
                for position in 0.. {
                    number += 1;
                    let was_cut = match call {
                        0 => inbox.enqueue(number, position, &mut report).await,
                        1 => inbox.claim(number, position, &mut report).await,
                        _ => inbox.settle(number, position, &mut report).await,
                    };
                    if !was_cut {
                        break;
                    }
                }
            }
        }
    }
    assert!(report.cuts > 60 && report.failed > 30, "{} of {}", report.failed, report.cuts);
    let mut done = MessageFilter::default();
    done.state = Some(MessageState::Done);
    let stored = inbox.direct.count_messages(&done, 1_000_000).await.unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), number);
}
