//! The end of the process.

use std::time::Duration;

/// How long a shutdown may take. Orchestrators such as Kubernetes kill a process 30 s after `SIGTERM`.
pub const GRACE: Duration = Duration::from_secs(20);

/// Returns when the process is told to end: by Ctrl-C, or by `SIGTERM`.
pub async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut sigterm) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = sigterm.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    drop(tokio::signal::ctrl_c().await);
}
