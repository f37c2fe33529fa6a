//! Exchanges messages: each line of standard input goes to everybody in the channel, and what others send is printed. Ends with the input.
//!
//! `cargo run --release --example exchange_messages -- URL TOKEN CHANNEL USER`

mod channel;

use std::io::BufRead;
use std::sync::mpsc;
use std::time::Duration;

use artc_bindings::{ChannelProfile, DataChannelMsg, Event, Extra, JoinChannelConfig};
use channel::{Arguments, Failure};

/// How long a line may wait while nothing happens in the channel.
const TURN: Duration = Duration::from_millis(20);

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read("")?;
    if let Some(word) = arguments.rest.first() {
        return Err(format!("{word:?} is one word too many: messages are typed").into());
    }
    let engine = channel::engine(&arguments, &Extra::default())?;
    // Messages are off until both switches are on.
    engine.set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#)?;
    let config = JoinChannelConfig { channel_profile: ChannelProfile::Communication, ..JoinChannelConfig::default() };
    channel::join(&*engine, &arguments, &config)?;
    let (lines, typed) = mpsc::sync_channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let events = engine.event_handler();
    loop {
        match events.next_timeout(TURN) {
            Some(Event::RemoteUserOnLineNotify { uid }) => println!("{uid} is here"),
            Some(Event::RemoteUserOffLineNotify { uid }) => println!("{uid} has left"),
            Some(Event::DataChannelMsg { uid, msg }) => println!("{uid}: {}", String::from_utf8_lossy(&msg.data)),
            Some(Event::Error { code, detail }) => return Err(format!("{code}: {detail}").into()),
            _ => {}
        }
        match typed.try_recv() {
            Ok(line) => engine.send_data_channel_message(&DataChannelMsg::custom(line))?,
            Err(mpsc::TryRecvError::Empty) => {}
            Err(mpsc::TryRecvError::Disconnected) => return channel::leave(&*engine),
        }
    }
}
