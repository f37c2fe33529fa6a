//! How a session stands, for people.

use std::time::Duration;

/// Where the session is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// In no channel, and none is wanted.
    #[default]
    Idle,
    /// Getting a token, or joining.
    Connecting,
    /// In the channel.
    Connected,
    /// In the channel, while the engine looks for its lost connection.
    Reconnecting,
    /// On the way out.
    Leaving,
    /// Pausing before the next attempt.
    Waiting {
        /// When it begins, unless a link comes up sooner.
        until: Duration,
    },
}

/// How a session stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Where it is.
    pub phase: Phase,
    /// Since when, on the caller's clock.
    pub since: Duration,
    /// Why it is there, in words; empty when all is well. Never a secret.
    pub detail: String,
    /// Attempts to join so far.
    pub attempts: u64,
    /// Successful joins so far.
    pub joins: u64,
    /// Whether camera and sound are published.
    pub published: [bool; 2],
    /// What the engine said before the result of a join.
    pub(super) cause: String,
}
