//! What is logged in the process of a test.

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign::dedup::EventKey;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The whole process's, so only one test of it can: where another comes by a span first and nobody
    /// on its thread listens, tracing remembers that nobody does.
    pub(crate) fn begin() -> Self {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
        tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
        log
    }

    /// To `orders`, within a span `request`, with a handler that logs as it runs.
    #[track_caller]
    pub(crate) fn tells_of_a_ping_that_came_twice(&self, key: &EventKey) {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("request:")).collect();
        for (line, said) in lines.iter().zip(["the handler runs", "handled", "duplicate"]) {
            for part in [
                r#"sender="standard-webhooks""#,
                r#"endpoint="orders""#,
                r#"event_type="ping""#,
                r#"key="default""#,
                &format!("event={key}"),
                "request:webhook{",
                said,
            ] {
                assert!(line.contains(part), "{part} is not in {line}");
            }
        }
        assert_eq!(lines.len(), 3, "{lines:#?}");
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
