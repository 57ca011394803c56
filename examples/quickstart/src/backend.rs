//! The work behind the handlers. Here it notes what it was given, and fails or waits when told to.

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

/// Where handlers bring their events.
#[derive(Debug)]
pub(crate) struct Desk {
    notes: mpsc::UnboundedSender<String>,
    next: Mutex<Option<Next>>,
}

/// The work could not be done.
#[derive(Debug)]
pub(crate) struct Failed;

/// What is to become of the next piece of work.
#[derive(Debug)]
enum Next {
    Fail,
    Hold { begun: oneshot::Sender<()>, release: oneshot::Receiver<()> },
}

impl Desk {
    /// A desk, and the notes of what was brought to it.
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<String>) {
        let (notes, noted) = mpsc::unbounded_channel();
        (Arc::new(Self { notes, next: Mutex::new(None) }), noted)
    }

    pub(crate) async fn work(&self, note: String) -> Result<(), Failed> {
        let result = match self.plan(None) {
            None => Ok(()),
            Some(Next::Fail) => Err(Failed),
            Some(Next::Hold { begun, release }) => {
                // Whoever asked for the hold may be gone; then nothing holds it.
                begun.send(()).ok();
                release.await.ok();
                Ok(())
            }
        };
        self.notes.send(note).ok();
        result
    }

    /// Lets the next piece of work fail.
    pub(crate) fn fail_next(&self) {
        self.plan(Some(Next::Fail));
    }

    /// Lets the next piece of work say that it has begun, and wait until it is released.
    pub(crate) fn hold_next(&self) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (begin, begun) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.plan(Some(Next::Hold { begun: begin, release: released }));
        (begun, release)
    }

    /// Replaces the plan, and gives the one there was.
    fn plan(&self, next: Option<Next>) -> Option<Next> {
        std::mem::replace(&mut *self.next.lock().unwrap_or_else(PoisonError::into_inner), next)
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the work could not be done")
    }
}
