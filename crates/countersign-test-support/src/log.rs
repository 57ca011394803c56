//! The log of a test's process.

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign::dedup::EventKey;
use tracing_subscriber::fmt::MakeWriter;

/// The lines that a process logs with `tracing`.
#[derive(Clone, Debug, Default)]
pub struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    /// Captures the log of the whole process from now on.
    ///
    /// Only one test of a process can: `tracing` caches that a span is disabled if another test's thread,
    /// which has no subscriber, enters it first.
    #[must_use]
    pub fn start() -> Self {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
        tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
        log
    }

    /// Returns the lines that contain `part`.
    #[must_use]
    pub fn lines_with(&self, part: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }

    /// Asserts that the log has the two deliveries of one ping to the endpoint `orders`, within a span
    /// `request`, with a handler that logs "the handler runs".
    #[track_caller]
    pub fn assert_duplicate_ping(&self, key: &EventKey) {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("request:")).collect();
        for (line, message) in lines.iter().zip(["the handler runs", "handled", "duplicate"]) {
            for part in [
                r#"sender="standard-webhooks""#,
                r#"endpoint="orders""#,
                r#"event_type="ping""#,
                r#"key="default""#,
                &format!("event={key}"),
                "request:webhook{",
                message,
            ] {
                assert!(line.contains(part), "{part} is not in {line}");
            }
        }
        assert_eq!(lines.len(), 3, "{lines:#?}");
    }
}

impl Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for CapturedLog {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
