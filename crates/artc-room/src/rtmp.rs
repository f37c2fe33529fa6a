//! `[rtmp]`: streams pushed in and pulled out, at the room of this process or at the one that the configuration names. How RTMP is
//! spoken is `rtmp-gateway`'s.

use std::sync::{Arc, Weak};

use artc_open::{OpenFactory, Options};
use room::token::{Key, TokenError};
use rtmp_gateway::{Bearer, Gateway, Host, Kind};
use tokio_rustls::TlsAcceptor;

use crate::clock;
use crate::telemetry::refused;

/// Who is let in.
struct Door {
    /// The room, which takes tokens of apps as well and counts what it refuses. It is gone when the process ends.
    room: Option<Weak<room::Handle>>,
    /// For a room elsewhere.
    key: Key,
}

impl Door {
    fn read(&self, token: &str, channel: &str) -> Result<Bearer, TokenError> {
        let claims = match &self.room {
            Some(room) => room.upgrade().map_or(Err(TokenError::Missing), |room| room.verify(token))?,
            None => self.key.verify(token, clock::now())?,
        };
        let grant = claims.joins_room(channel)?.permission();
        let (publish, subscribe) = (grant.can_publish, grant.can_subscribe);
        Ok(Bearer { identity: claims.sub, name: claims.name, publish, subscribe })
    }
}

impl Host for Door {
    fn admit(&self, token: &str, channel: &str) -> Result<Bearer, String> {
        self.read(token, channel).map_err(|why| why.to_string())
    }

    fn refused(&self, reason: &'static str) {
        refused("rtmp", reason);
    }

    fn streams(&self, kind: Kind, now: usize) {
        let way = if kind == Kind::Publish { "in" } else { "out" };
        metrics::gauge!("artc_server_rtmp_streams", "way" => way).set(now as f64);
    }
}

/// The gateway of `config` on `listener`; `server` is the address of a room elsewhere.
pub(crate) fn gateway(
    listener: std::net::TcpListener,
    (connections, tls): (usize, Option<TlsAcceptor>),
    room: Option<&Arc<room::Handle>>,
    (key, server): (Key, Option<String>),
) -> Gateway {
    let options = match room {
        Some(room) => Options::local(room.local()),
        None => Options::new(server.unwrap_or_default()),
    };
    let host = Arc::new(Door { room: room.map(Arc::downgrade), key });
    Gateway { listener, engines: Arc::new(OpenFactory { options }), host, connections, tls }
}
