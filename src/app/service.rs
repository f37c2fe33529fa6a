//! What the service manager is told (systemd's notify protocol), and what asks the daemon to read its configuration again. Where nobody
//! manages the daemon, nothing is told.

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::capture::{audio, video};
use crate::session;

/// Longest line of status.
const LONGEST: usize = 400;

/// Whether a service manager listens.
fn is_managed() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// Tells it; whether it was sent does not change what the daemon does.
pub fn tell(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        tracing::debug!("the service manager was not told: {why}");
    }
}

/// Devices are known, the room is open: the start is over, or reading the configuration again.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again, until [`ready`].
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(why) => tracing::debug!("no clock: {why}"),
    }
}

/// The daemon is on its way out.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// SIGHUP, where it means that the configuration is to be read again: not where it means that the terminal has gone.
pub struct Hangup(Option<Signal>);

impl Hangup {
    /// Listens from now on.
    ///
    /// # Errors
    /// No signals.
    pub fn listen() -> std::io::Result<Self> {
        let terminal = std::fs::File::open("/dev/tty").is_ok();
        let wanted = is_managed() || !terminal;
        wanted.then(|| signal(SignalKind::hangup())).transpose().map(Self)
    }

    /// Waits for the next one. Safe to cancel.
    pub async fn wait(&mut self) {
        match &mut self.0 {
            Some(signal) => _ = signal.recv().await,
            None => std::future::pending().await,
        }
    }
}

/// The line that `systemctl status` shows, told when it changes.
#[derive(Debug, Default)]
pub struct StatusLine {
    told: String,
    /// What is to be said besides, until it is said otherwise: what came of reading the configuration again.
    note: String,
}

impl StatusLine {
    /// Something to be said besides how things are; nothing when empty.
    pub fn note(&mut self, note: impl Into<String>) {
        self.note = note.into();
    }

    /// Says how things are.
    pub fn show(&mut self, how: impl FnOnce() -> String) {
        if !is_managed() {
            return;
        }
        let line = one_line(&how(), &self.note);
        if line != self.told {
            tell(&[NotifyState::Status(&line)]);
            self.told = line;
        }
    }
}

fn one_line(how: &str, note: &str) -> String {
    let whole = if note.is_empty() { how.to_owned() } else { format!("{how}; {note}") };
    whole.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
}

/// How the daemon does, in a sentence for people.
pub fn sentence(
    status: &session::Status,
    channel: &str,
    watched: bool,
    camera: &video::State,
    microphone: &audio::State,
) -> String {
    let stands = match status.phase {
        session::Phase::Connected if watched => format!("in channel {channel}, watched"),
        session::Phase::Connected => format!("in channel {channel}, nobody watches"),
        session::Phase::Waiting { .. } => format!("not in the channel, tries for ever: {}", status.detail),
        session::Phase::Reconnecting => format!("connection lost, looking for it: {}", status.detail),
        session::Phase::Idle | session::Phase::Connecting | session::Phase::Leaving => status.detail.clone(),
    };
    format!("{stands}; {}; {}", named("camera", &camera.detail), named("microphone", &microphone.detail))
}

/// What a device says of itself, under its name.
fn named(what: &str, detail: &str) -> String {
    if detail.starts_with(what) { detail.to_owned() } else { format!("{what}: {detail}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_one_line_and_names_what_is_to_be_said_besides() {
        assert_eq!(one_line("in channel a\nb", ""), "in channel a b");
        assert_eq!(one_line("in channel a", "`x` takes a restart"), "in channel a; `x` takes a restart");
        assert_eq!(one_line(&"ä".repeat(1000), "").chars().count(), LONGEST);
        assert_eq!(named("camera", "camera C920 (/dev/video0): 1280x720"), "camera C920 (/dev/video0): 1280x720");
        assert_eq!(named("camera", "built-in pattern"), "camera: built-in pattern");
    }
}
