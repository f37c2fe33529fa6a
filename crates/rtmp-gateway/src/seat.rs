//! An engine in a channel, for one stream: made, joined, and released when its stream ends.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{
    CallError, ConnectionStatus, CreateParams, Engine, EngineFactory, ErrorCode, Event, EventQueue, JoinChannelConfig,
};

use crate::address::Address;
use crate::host::Bearer;

/// A join that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// See the module.
pub(crate) struct Seat {
    engine: Arc<dyn Engine>,
    queue: Arc<EventQueue>,
}

impl Seat {
    /// Joins the channel of `address` as `bearer`, after `prepare` has set the engine up.
    pub(crate) async fn take(
        engines: &Arc<dyn EngineFactory>,
        params: CreateParams,
        (address, bearer): (&Address, &Bearer),
        config: &JoinChannelConfig,
        prepare: impl FnOnce(&dyn Engine) -> Result<(), CallError>,
    ) -> Result<Self, String> {
        let factory = Arc::clone(engines);
        // It starts threads.
        let made = tokio::task::spawn_blocking(move || factory.create_ali_rtc_engine(params)).await;
        let engine = made.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?;
        let seat = Self { queue: engine.event_handler(), engine };
        prepare(seat.engine()).map_err(|why| why.to_string())?;
        let name = if bearer.name.is_empty() { &bearer.identity } else { &bearer.name };
        seat.engine
            .join_channel(address.token.expose(), &address.channel, &bearer.identity, name, config)
            .map_err(|why| why.to_string())?;
        let joined = async {
            loop {
                match seat.queue.next().await {
                    Some(Event::JoinChannelResult { result: ErrorCode::Ok, .. }) => return Ok(()),
                    Some(Event::JoinChannelResult { result, .. }) => {
                        return Err(format!("the join was refused: {}", result.name()));
                    }
                    Some(event) => lost(&event).map_or(Ok(()), Err)?,
                    None => return Err("the engine has ended".into()),
                }
            }
        };
        tokio::time::timeout(PATIENCE, joined).await.map_err(|_| "the room does not answer".to_owned())??;
        Ok(seat)
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// The next event. Safe to cancel.
    pub(crate) async fn next(&self) -> Option<Event> {
        self.queue.next().await
    }

    /// Leaves, and waits until it has.
    pub(crate) async fn leave(self) {
        let engine = Arc::clone(&self.engine);
        // Whether it panicked says nothing to anybody.
        let _ = tokio::task::spawn_blocking(move || engine.release()).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // It joins threads; after `leave` it does nothing. Without a runtime the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let engine = Arc::clone(&self.engine);
            runtime.spawn_blocking(move || engine.release());
        }
    }
}

/// Why there is no going on, where an event says so.
pub(crate) fn lost(event: &Event) -> Option<String> {
    match event {
        Event::ConnectionState { status: ConnectionStatus::Failed | ConnectionStatus::Disconnected, reason, detail } => {
            Some(format!("the channel was lost ({reason:?}): {detail}"))
        }
        Event::Error { code, detail } => {
            tracing::warn!(?code, "engine: {detail}");
            None
        }
        _ => None,
    }
}
