//! Whether the network has become better: a link came up, or an address came. The engine listens for itself while it is in a channel;
//! this is for the pauses between the daemon's joins.

use artc_open::LinkChange;

/// An ear on the kernel; hears nothing where the system does not let us listen.
pub struct Links(Option<artc_open::Links>);

impl Links {
    /// Begins to listen.
    pub fn open() -> Self {
        let opened = artc_open::Links::open();
        Self(
            opened
                .inspect_err(|error| tracing::info!(%error, "pauses between joins take their time: links cannot be heard"))
                .ok(),
        )
    }

    /// Waits until the network has become better. Dropping the future loses nothing.
    pub async fn better(&mut self) {
        while let Some(links) = &mut self.0 {
            match links.changed().await {
                Ok(LinkChange::Better) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the kernel tells of links no more");
                    self.0 = None;
                }
            }
        }
        std::future::pending().await
    }
}
