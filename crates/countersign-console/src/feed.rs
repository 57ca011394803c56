//! The live feed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::log::{LogFilter, LogId};

use crate::body::{Feed, Step};
use crate::source::LogSource;

/// How often the log is asked for new lines.
const PAUSE: Duration = Duration::from_secs(1);

/// How many new lines are counted at a time.
const COUNTED: u32 = 200;

/// Returns the feed of the lines after `latest`.
pub(crate) fn feed(log: Arc<dyn LogSource>, filter: LogFilter, latest: LogId) -> Feed {
    Feed::new(step(log, filter, latest, Duration::ZERO))
}

fn step(log: Arc<dyn LogSource>, filter: LogFilter, latest: LogId, pause: Duration) -> Step {
    Step(Box::new(move || {
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            // A comment keeps the connection alive, and shows a reader that is gone.
            let mut text = String::from(": \n\n");
            let mut newest = latest;
            if let Ok(records) = log.records(&filter, None, COUNTED).await {
                for record in records.iter().rev().filter(|record| record.id > latest) {
                    text.push_str(&format!("event: delivery\nid: {0}\ndata: {0}\n\n", record.id));
                    newest = record.id;
                }
            }
            Some((Bytes::from(text), step(log, filter, newest, PAUSE)))
        })
    }))
}
