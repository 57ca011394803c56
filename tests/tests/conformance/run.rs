//! Runs one case with one driver, step by step.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use countersign::Outcome;
use tokio::time::timeout;

use crate::case::{Case, Expected, Step};
use crate::check;
use crate::client::{Connection, Incoming};
use crate::driver::Driver;
use crate::environment::Environment;
use crate::request::Request;
use crate::store::Op;

/// The longest time that a case may take.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) type Verdict = Result<(), String>;

/// Runs `case` with `driver`; the error says what differs.
pub(crate) async fn run(case: &Case, driver: &dyn Driver) -> Verdict {
    let play = async { Environment::set(case, driver).await.play(case).await };
    timeout(TIMEOUT, play).await.unwrap_or_else(|_| Err("the case hangs".into()))
}

impl Environment {
    async fn play(mut self, case: &Case) -> Verdict {
        for (at, step) in case.steps.iter().enumerate() {
            self.step(step).await.map_err(|what| format!("step {}: {what}", at + 1))?;
        }
        let holds = self.holds().await;
        // Releases all handlers, so that the service can shut down.
        self.script.release(case.acts.len());
        self.drain().await;
        check::equal("handler runs", self.script.runs(), case.runs)?;
        if let Some(items) = &case.items {
            check::equal("items", self.script.items().as_slice(), items.as_slice())?;
        }
        check::equal("the store holds", holds, case.holds)?;
        check::equal("the secrets handed over", &*self.secrets.all(), &*case.secrets)?;
        let is_event = |response: &Expected| {
            !matches!(response.outcome, None | Some(Outcome::HandshakeAnswered))
        };
        if case.responses().next().is_some() && !case.responses().any(is_event) {
            check::equal("claims of requests without an event", self.store.called(Op::Claim), 0)?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Send(request, response) => {
                let mut connection = self.open().await;
                let exchange = self.send(&mut connection, request).await;
                self.expect(response, &mut connection, exchange).await
            }
            Step::KeepAlive(all) => self.keep_alive(all).await,
            Step::Pipeline(all) => self.pipeline(all).await,
            Step::Rush(request, count) => self.rush(request, *count).await,
            Step::Begin(request) => {
                let runs = self.script.runs();
                let mut connection = self.open().await;
                let exchange = self.send(&mut connection, request).await;
                self.script.has_begun(runs + 1).await;
                self.begun.push_back((connection, exchange));
                Ok(())
            }
            Step::Finish(response) => {
                let (mut connection, exchange) = self.begun.pop_front().unwrap();
                self.expect(response, &mut connection, exchange).await
            }
            Step::Disconnect => {
                let (connection, exchange) = self.begun.pop_front().unwrap();
                drop(connection);
                if self.drops_disconnected {
                    let verdict = self.log.verdict(exchange).await;
                    check::equal("request dropped", verdict.dropped, true)?;
                }
                Ok(())
            }
            Step::Release => {
                self.script.release(1);
                Ok(())
            }
            Step::Until(op, times) => {
                self.store.has_finished(*op, *times).await;
                Ok(())
            }
            Step::Later(duration) => {
                self.clock.advance(*duration);
                Ok(())
            }
            Step::Drain => {
                let mut drain = self.server.drain();
                poll_fn(|context| {
                    let _pending = drain.as_mut().poll(context);
                    Poll::Ready(())
                })
                .await;
                self.drain = Some(tokio::spawn(drain));
                Ok(())
            }
        }
    }

    async fn keep_alive(&mut self, all: &[(Request, Expected)]) -> Verdict {
        let mut connection = self.open().await;
        let mut is_closing = false;
        for (request, response) in all {
            let exchange = self.send(&mut connection, request).await;
            let mut received = connection.response().await;
            // A server may close the connection after a response that announces it.
            if matches!(received, Incoming::Gone) && is_closing {
                connection = self.open().await;
                self.send_as(&mut connection, &[(request, exchange)]).await;
                received = connection.response().await;
            }
            self.compare(response, &received, exchange).await?;
            let Incoming::Response(received) = &received else { continue };
            is_closing = received.header("connection") == Some("close");
        }
        Ok(())
    }

    async fn pipeline(&mut self, all: &[(Request, Expected)]) -> Verdict {
        let mut connection = self.open().await;
        let requests: Vec<_> = all.iter().map(|(request, _)| (request, self.next())).collect();
        self.send_as(&mut connection, &requests).await;
        for ((_, response), (_, exchange)) in all.iter().zip(requests) {
            self.expect(response, &mut connection, exchange).await?;
        }
        Ok(())
    }

    /// One delivery is handled; the others are duplicates or in progress.
    async fn rush(&mut self, request: &Request, count: usize) -> Verdict {
        let mut sent = Vec::new();
        for _ in 0..count {
            let mut connection = self.open().await;
            let exchange = self.send(&mut connection, request).await;
            sent.push((connection, exchange));
        }
        let mut handled = 0;
        for (mut connection, exchange) in sent {
            let received = connection.response().await;
            let outcome = self.log.found(exchange).and_then(|verdict| verdict.outcome);
            let response = match outcome {
                Some(Outcome::InProgress { .. }) => Expected::in_progress(),
                Some(Outcome::Duplicate { .. }) => Expected::duplicate(),
                _ => Expected::handled(),
            };
            handled += usize::from(outcome == Some(Outcome::Handled));
            self.compare(&response, &received, exchange).await?;
        }
        check::equal("deliveries handled", handled, 1)
    }

    /// Receives the response, and compares it and the verdict.
    async fn expect(
        &self,
        response: &Expected,
        connection: &mut Connection,
        exchange: u32,
    ) -> Verdict {
        self.compare(response, &connection.response().await, exchange).await
    }

    async fn compare(&self, response: &Expected, got: &Incoming, exchange: u32) -> Verdict {
        let verdict = match response.status {
            Some(_) => self.log.found(exchange),
            None => Some(self.log.verdict(exchange).await),
        };
        check::incoming(response, got, verdict.as_ref())
    }
}
