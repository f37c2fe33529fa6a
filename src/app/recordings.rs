//! Recordings over HTTP on loopback, for as long as the parts run.

use std::net::SocketAddr;

use record::Store;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections at once.
const CONNECTIONS: usize = 16;

/// Recordings being served; dropping it ends that soon, [`Recordings::end`] at once.
pub struct Recordings {
    /// Where, with the port that was really taken.
    pub address: SocketAddr,
    tasks: JoinSet<()>,
    /// Never told: connections end with their task.
    _stop: watch::Sender<bool>,
}

impl Recordings {
    /// Serves what is in `store`. An error says which address is whose.
    pub fn serve(address: SocketAddr, store: Store) -> Result<Self, String> {
        let failed = |why: std::io::Error| format!("`record.http` = \"{address}\": {why}; choose another address");
        let listener = web_listener::bind(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = record_http::router(store);
        let site = web_listener::Site { listener, tls: None, router, connections: CONNECTIONS };
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(web_listener::serve(site, stopping, |why| tracing::debug!("a connection for recordings was refused: {why}")));
        Ok(Self { address, tasks, _stop: stop })
    }

    /// Ends it; the address is free when this returns, for who starts again with another configuration.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}
