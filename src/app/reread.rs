//! Reading the configuration again on SIGHUP: what can change changes, the parts start again where that is needed, and what takes a new
//! process is named, to the log and to the service manager.

use tokio::sync::mpsc::Sender;

use super::service::{self, sentence};
use super::settings::ReadAgain;
use super::shell::Shell;
use crate::config::{self, Applies};

impl Shell {
    /// Has it read again; what comes of it comes back over `answer`.
    pub(super) fn read_again(&mut self, answer: &Sender<ReadAgain>) {
        service::reloading();
        let answer = answer.clone();
        // A second one that comes meanwhile is answered by the first: the queue holds one.
        if !self.settings.read_again(move |what| drop(answer.try_send(what))) {
            self.read_anew(Err("the configuration is busy with commands; send SIGHUP once more".into()));
        }
    }

    /// It was read.
    pub(super) fn read_anew(&mut self, what: ReadAgain) {
        self.configured();
        let note = match &what {
            Err(why) => {
                tracing::error!("configuration read again and not taken, the one before stays in force: {why}");
                format!("configuration not taken: {why}")
            }
            Ok(keys) => {
                let later: Vec<_> = keys.iter().filter(|key| config::applies(key) == Applies::NextStart).cloned().collect();
                tracing::info!(
                    "configuration read again: {}",
                    if keys.is_empty() { "nothing is other".into() } else { keys.join(", ") }
                );
                if later.is_empty() {
                    String::new()
                } else {
                    tracing::warn!("{}: in force after the next start of the service only", later.join(", "));
                    format!("{} in force after the next start of the service only", later.join(", "))
                }
            }
        };
        self.status_line.note(note);
        self.show_status();
        if self.restart_at.is_none() {
            service::ready();
        }
        // Else the parts start again, and say themselves when they are ready.
    }

    /// Tells the service manager how the daemon does.
    pub(super) fn show_status(&mut self) {
        let (books, parts) = (&self.books, &self.parts);
        self.status_line.show(|| {
            let safe = if parts.ladder.is_safe() { "SAFE MODE, commands only; " } else { "" };
            let (camera, microphone) = (parts.camera.state(), parts.microphone.state());
            let still = parts.recorder.as_ref().and_then(|recorder| recorder.standing().fault);
            let still = still.map(|why| format!("; {why}")).unwrap_or_default();
            format!("{safe}{}{still}", sentence(&books.session, books.channel(), books.watched, &camera, &microphone))
        });
    }
}
