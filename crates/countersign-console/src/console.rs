//! The console.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use countersign::Receiver;
use countersign::inbox::InspectInbox;
use countersign::log::InspectLog;
use http::request::Parts;

use crate::access::Access;
use crate::acts::Acts;
use crate::endpoint::Endpoint;
use crate::source::{InboxSource, LogSource};

/// Decides what the person behind a request may do.
type Authorize = Arc<dyn Fn(&Parts) -> Access + Send + Sync>;

/// A console over a delivery log, an inbox, or both. See the [crate's page](crate).
///
/// ```
/// use countersign::inbox::MemoryInbox;
/// use countersign::log::MemoryLog;
/// use countersign_console::{Access, Console};
///
/// // For a service that only its developer can reach.
/// let console = Console::new(|_| Access::operate("me"))
///     .log(MemoryLog::new())
///     .inbox(MemoryInbox::danger_new())
///     .title("development");
/// # drop(console);
/// ```
#[derive(Clone)]
#[must_use = "a console does nothing until it is mounted"]
pub struct Console {
    pub(crate) authorize: Authorize,
    pub(crate) log: Option<Arc<dyn LogSource>>,
    pub(crate) inbox: Option<Arc<dyn InboxSource>>,
    pub(crate) endpoints: Arc<BTreeMap<String, Endpoint>>,
    pub(crate) title: Arc<str>,
    pub(crate) acts: Arc<Acts>,
}

impl Console {
    /// Creates a console, to which `authorize` gives access.
    ///
    /// `authorize` is called for each request, with its headers and the extensions that a layer in front has put
    /// there. For a check that has to wait, such as of a session in a database, put a layer in front and read its result
    /// from the extensions.
    pub fn new(authorize: impl Fn(&Parts) -> Access + Send + Sync + 'static) -> Self {
        Self {
            authorize: Arc::new(authorize),
            log: None,
            inbox: None,
            endpoints: Arc::default(),
            title: "".into(),
            acts: Arc::default(),
        }
    }

    /// Shows a delivery log.
    pub fn log(mut self, log: impl InspectLog) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// Shows an inbox, and lets its messages be replayed and discarded and its endpoints be paused.
    pub fn inbox(mut self, inbox: impl InspectInbox) -> Self {
        self.inbox = Some(Arc::new(inbox));
        self
    }

    /// Shows what a receiver's sender expects, and how its deliveries are verified.
    pub fn receiver(mut self, receiver: &Receiver) -> Self {
        let endpoint = Endpoint::of(receiver);
        Arc::make_mut(&mut self.endpoints).insert(receiver.endpoint().to_owned(), endpoint);
        self
    }

    /// Names the installation at the top of each page, such as `production`.
    pub fn title(mut self, title: impl Into<Arc<str>>) -> Self {
        self.title = title.into();
        self
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("has_log", &self.log.is_some())
            .field("has_inbox", &self.inbox.is_some())
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
