//! What asks the daemon to end: SIGINT (Ctrl-C) and SIGTERM (systemd), from the first instruction on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that come while nobody waits for them yet: on a slow machine it takes long to read arguments and configuration. From
/// [`Early::catch`] on they no longer kill.
#[derive(Debug, Default)]
pub struct Early {
    /// Number of the last one that came, 0 before that.
    came: Arc<AtomicUsize>,
    /// Signals end the process after all.
    let_go: Arc<AtomicBool>,
}

impl Early {
    /// Keeps signals from now on. Where that cannot be done they go on killing, and `Stop::listen` says so.
    pub fn catch() -> Self {
        let early = Self::default();
        for number in [SIGINT, SIGTERM] {
            let _ = flag::register_conditional_default(number, Arc::clone(&early.let_go))
                .and_then(|_| flag::register_usize(number, Arc::clone(&early.came), number.unsigned_abs() as usize));
        }
        early
    }

    /// This process is not the daemon: signals end it as they end any program, one that came already at once.
    pub fn let_go(&self) {
        self.let_go.store(true, Ordering::SeqCst);
        if let Some(number) = self.came() {
            // Does not come back but for a signal that it does not know.
            let _ = low_level::emulate_default_handler(number);
        }
    }

    fn came(&self) -> Option<i32> {
        i32::try_from(self.came.load(Ordering::SeqCst)).ok().filter(|number| *number != 0)
    }
}

/// The signals, for the loop.
pub struct Stop {
    early: Early,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Listens from now on; what came `early` has been heard.
    pub fn listen(early: Early) -> std::io::Result<Self> {
        Ok(Self { early, interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The signal that came already, if one did.
    pub fn came(&self) -> Option<&'static str> {
        self.early.came().map(|number| if number == SIGTERM { "SIGTERM" } else { "SIGINT" })
    }

    /// Waits for the next one and names it. Safe to cancel.
    pub async fn wait(&mut self) -> &'static str {
        if let Some(name) = self.came() {
            return name;
        }
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
