//! What the four examples of the engine API begin and end with: the words of the command line, joining, leaving.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{Engine, Event, Extra, JoinChannelConfig};
use artc_open::{OpenEngine, Options};

/// Anything that goes wrong ends the program with its reason.
pub type Failure = Box<dyn std::error::Error>;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where to join, and as whom: the first four words. `url` is the server's (`ws://...`); the token is LiveKit's or the vendor's and must
/// be for this channel and user.
pub struct Arguments {
    pub url: String,
    pub token: String,
    pub channel: String,
    pub user: String,
    pub rest: Vec<String>,
}

impl Arguments {
    pub fn read(more: &str) -> Result<Self, Failure> {
        let mut words = std::env::args();
        let program = words.next().unwrap_or_default();
        let mut next = || words.next().ok_or_else(|| format!("usage: {program} URL TOKEN CHANNEL USER {more}"));
        Ok(Self { url: next()?, token: next()?, channel: next()?, user: next()?, rest: words.collect() })
    }
}

/// An engine for the server of the command line, with the settings of `extra`.
pub fn engine(arguments: &Arguments, extra: &Extra) -> Result<Arc<dyn Engine>, Failure> {
    Ok(OpenEngine::create_with(Options::new(arguments.url.as_str()), extra)?)
}

/// Joins and waits for the result.
pub fn join(engine: &dyn Engine, arguments: &Arguments, config: &JoinChannelConfig) -> Result<(), Failure> {
    engine.join_channel(&arguments.token, &arguments.channel, &arguments.user, "", config)?;
    let events = engine.event_handler();
    while let Some(event) = events.next_timeout(PATIENCE) {
        if let Event::JoinChannelResult { result, channel, user_id } = event {
            println!("joined {channel} as {user_id}: {result}");
            return if result.is_ok() { Ok(()) } else { Err(result.to_string().into()) };
        }
    }
    Err("the server does not answer the join".into())
}

/// Leaves, waits until that is done, and ends the engine.
pub fn leave(engine: &dyn Engine) -> Result<(), Failure> {
    engine.leave_channel()?;
    let events = engine.event_handler();
    while let Some(event) = events.next_timeout(PATIENCE) {
        if let Event::LeaveChannelResult { result } = event {
            println!("left: {result}");
            break;
        }
    }
    engine.release();
    Ok(())
}
