//! One case against one driver, step by step.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use countersign::Outcome;
use tokio::time::timeout;

use crate::case::{Answer, Case, Step};
use crate::check;
use crate::client::{Connection, Incoming};
use crate::driver::Driver;
use crate::request::Request;
use crate::stage::Stage;
use crate::store::Op;

/// What takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Verdict = Result<(), String>;

/// Runs `case` against `driver` and says what differs.
pub(crate) async fn run(case: &Case, driver: &dyn Driver) -> Verdict {
    let play = async { Stage::set(case, driver).await.play(case).await };
    timeout(PATIENCE, play).await.unwrap_or_else(|_| Err("it hangs".into()))
}

impl Stage {
    async fn play(mut self, case: &Case) -> Verdict {
        for (at, step) in case.steps.iter().enumerate() {
            self.step(step).await.map_err(|what| format!("step {}: {what}", at + 1))?;
        }
        let holds = self.holds().await;
        // Whatever is still held is let go, so that the service can end in good order.
        self.script.let_through(case.acts.len());
        self.drain().await;
        check::equal("handler runs", self.script.runs(), case.runs)?;
        check::equal("the store holds", holds, case.holds)?;
        let is_event =
            |answer: &Answer| !matches!(answer.outcome, None | Some(Outcome::HandshakeAnswered));
        if case.answers().next().is_some() && !case.answers().any(is_event) {
            check::equal("claims of what is no event", self.store.asked(Op::Claim), 0)?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Send(request, answer) => {
                let mut connection = self.open().await;
                let exchange = self.send(&mut connection, request).await;
                self.judge(answer, &mut connection, exchange).await
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
            Step::Finish(answer) => {
                let (mut connection, exchange) = self.begun.pop_front().unwrap();
                self.judge(answer, &mut connection, exchange).await
            }
            Step::HangUp => {
                let (connection, exchange) = self.begun.pop_front().unwrap();
                drop(connection);
                if self.gives_up {
                    let verdict = self.log.verdict(exchange).await;
                    check::equal("request given up", verdict.given_up, true)?;
                }
                Ok(())
            }
            Step::Release => {
                self.script.let_through(1);
                Ok(())
            }
            Step::Until(op, times) => {
                self.store.has_answered(*op, *times).await;
                Ok(())
            }
            Step::Later(span) => {
                self.clock.advance(*span);
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

    async fn keep_alive(&mut self, all: &[(Request, Answer)]) -> Verdict {
        let mut connection = self.open().await;
        for (request, answer) in all {
            let exchange = self.send(&mut connection, request).await;
            let mut received = connection.answer().await;
            // A server may close after an answer; a client whose request was not seen comes again.
            if matches!(received, Incoming::Gone) && self.log.found(exchange).is_none() {
                connection = self.open().await;
                self.send_as(&mut connection, &[(request, exchange)]).await;
                received = connection.answer().await;
            }
            self.compare(answer, &received, exchange).await?;
        }
        Ok(())
    }

    async fn pipeline(&mut self, all: &[(Request, Answer)]) -> Verdict {
        let mut connection = self.open().await;
        let requests: Vec<_> = all.iter().map(|(request, _)| (request, self.next())).collect();
        self.send_as(&mut connection, &requests).await;
        for ((_, answer), (_, exchange)) in all.iter().zip(requests) {
            self.judge(answer, &mut connection, exchange).await?;
        }
        Ok(())
    }

    /// One is handled, the others are told so or to come again.
    async fn rush(&mut self, request: &Request, count: usize) -> Verdict {
        let mut under_way = Vec::new();
        for _ in 0..count {
            let mut connection = self.open().await;
            let exchange = self.send(&mut connection, request).await;
            under_way.push((connection, exchange));
        }
        let mut handled = 0;
        for (mut connection, exchange) in under_way {
            let received = connection.answer().await;
            let outcome = self.log.found(exchange).and_then(|verdict| verdict.outcome);
            let answer = match outcome {
                Some(Outcome::InProgress { .. }) => Answer::in_progress(),
                Some(Outcome::Duplicate { .. }) => Answer::duplicate(),
                _ => Answer::handled(),
            };
            handled += usize::from(outcome == Some(Outcome::Handled));
            self.compare(&answer, &received, exchange).await?;
        }
        check::equal("deliveries handled", handled, 1)
    }

    /// Takes the answer, and compares it and what the operator was told.
    async fn judge(&self, answer: &Answer, connection: &mut Connection, exchange: u32) -> Verdict {
        self.compare(answer, &connection.answer().await, exchange).await
    }

    async fn compare(&self, answer: &Answer, got: &Incoming, exchange: u32) -> Verdict {
        let verdict = match answer.status {
            Some(_) => self.log.found(exchange),
            None => Some(self.log.verdict(exchange).await),
        };
        check::answer(answer, got, verdict.as_ref())
    }
}
