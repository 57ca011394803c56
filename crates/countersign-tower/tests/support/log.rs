//! The log of a test process.

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign::dedup::EventKey;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Records the log of the whole process, for one test in it.
    ///
    /// A subscriber of one thread is not enough: if another test reaches a span first on a thread without
    /// a subscriber, tracing caches that the span is not enabled.
    pub(crate) fn start() -> Self {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
        tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
        log
    }

    /// Asserts the log of a ping that was delivered twice to the endpoint `orders`, in a span `request`, to
    /// a handler that logs.
    #[track_caller]
    pub(crate) fn assert_ping_and_duplicate(&self, key: &EventKey) {
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
