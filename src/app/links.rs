//! What becomes of the machine's network: links and addresses that come, which is worth an attempt to join, and what whoever subscribed is
//! told. The engine listens for itself while it is in a channel; this is for the pauses between the daemon's joins, and for being told.

use std::time::Duration;

use artc_open::LinkChange;
use tokio::task::JoinHandle;
use wire::net::Status;

use super::clock::now;
use super::network;
use super::shell::at;

/// A change is told so long after its first sign: a cable that is plugged in brings a link, addresses and routes one after the other.
const SETTLE: Duration = Duration::from_secs(1);

/// News of the network.
#[derive(Debug, PartialEq)]
pub enum News {
    /// A link came up, or an address came: what failed before may work now.
    Better,
    /// Interfaces, addresses or ways out are others than before.
    Changed(Box<Status>),
}

/// An ear on the kernel; hears nothing where the system does not let us listen.
pub struct Links {
    ear: Option<artc_open::Links>,
    /// How the network was at last; not known before it was looked at.
    known: Option<Status>,
    look_at: Option<Duration>,
    looking: Option<JoinHandle<Status>>,
}

impl Links {
    /// Begins to listen.
    pub fn open() -> Self {
        let opened = artc_open::Links::open();
        let ear = opened
            .inspect_err(|error| tracing::info!(%error, "pauses between joins take their time: links cannot be heard"))
            .ok();
        let mut links = Self { ear, known: None, look_at: None, looking: None };
        links.look();
        links
    }

    /// Waits for news. Dropping the future loses nothing.
    pub async fn next(&mut self) -> News {
        loop {
            tokio::select! {
                change = changed(&mut self.ear) => match change {
                    Ok(change) => {
                        self.look_at.get_or_insert_with(|| now() + SETTLE);
                        if change == LinkChange::Better {
                            return News::Better;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the kernel tells of links no more");
                        self.ear = None;
                    }
                },
                () = at(self.look_at), if self.looking.is_none() => self.look(),
                status = looked(&mut self.looking) => {
                    self.looking = None;
                    // A look that ended badly has seen nothing.
                    let Some(status) = status else { continue };
                    let before = self.known.replace(status.clone());
                    if before.is_some_and(|before| before != status) {
                        return News::Changed(Box::new(status));
                    }
                }
            }
        }
    }

    fn look(&mut self) {
        self.look_at = None;
        // The way to the channel is of no interest: it is another one every second.
        self.looking = Some(tokio::task::spawn_blocking(|| network::status(None)));
    }
}

async fn changed(ear: &mut Option<artc_open::Links>) -> std::io::Result<LinkChange> {
    match ear {
        Some(links) => links.changed().await,
        None => std::future::pending().await,
    }
}

async fn looked(looking: &mut Option<JoinHandle<Status>>) -> Option<Status> {
    match looking {
        Some(looking) => looking.await.ok(),
        None => std::future::pending().await,
    }
}
