//! The work behind the handlers. It records a note of each event, and fails or waits if a test asks
//! for it.

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

/// Does the work of the handlers.
#[derive(Debug)]
pub(crate) struct Backend {
    notes: mpsc::UnboundedSender<String>,
    next: Mutex<Option<Next>>,
}

/// The work could not be done.
#[derive(Debug)]
pub(crate) struct Failed;

/// How the next piece of work behaves.
#[derive(Debug)]
enum Next {
    Fail,
    Pause { started: oneshot::Sender<()>, release: oneshot::Receiver<()> },
}

impl Backend {
    /// Creates a backend, and the receiver of its notes.
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<String>) {
        let (notes, noted) = mpsc::unbounded_channel();
        (Arc::new(Self { notes, next: Mutex::new(None) }), noted)
    }

    pub(crate) async fn work(&self, note: String) -> Result<(), Failed> {
        let result = match self.replace_next(None) {
            None => Ok(()),
            Some(Next::Fail) => Err(Failed),
            Some(Next::Pause { started, release }) => {
                // If the other side is dropped, the work continues at once.
                started.send(()).ok();
                release.await.ok();
                Ok(())
            }
        };
        self.notes.send(note).ok();
        result
    }

    /// Makes the next piece of work fail.
    pub(crate) fn fail_next(&self) {
        self.replace_next(Some(Next::Fail));
    }

    /// Makes the next piece of work report its start, and wait until it is released.
    pub(crate) fn pause_next(&self) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (start, started) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.replace_next(Some(Next::Pause { started: start, release: released }));
        (started, release)
    }

    /// Replaces the plan for the next piece of work; returns the previous one.
    fn replace_next(&self, next: Option<Next>) -> Option<Next> {
        std::mem::replace(&mut *self.next.lock().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the work could not be done")
    }
}
