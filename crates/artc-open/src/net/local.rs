//! The shell's end of a link to a room of this process: takes the place of signalling connection and sockets.

use std::collections::VecDeque;

use artc_bindings::ErrorCode;
use rtc::local::{FromRoom, JoinRefused, Link, LocalJoin, LocalRoom, Refused, ToRoom};

use super::ConnectError;
use crate::session::Connect;

/// Bytes that wait at most for a busy room; signalling and data, never media. Whoever lets that much wait is not alive.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// A stay in the room. Dropping it leaves.
pub struct Stay {
    /// Number of the attempt that it came of.
    pub attempt: u64,
    link: Link,
    waiting: VecDeque<ToRoom>,
    waiting_bytes: usize,
}

impl Stay {
    /// Asks to be let in.
    pub fn begin(room: &dyn LocalRoom, connect: &Connect) -> Result<Self, ConnectError> {
        let join = LocalJoin {
            token: connect.token.expose().to_owned(),
            auto_subscribe: false,
            client_protocol: 0,
            attributes: connect.attributes.clone(),
        };
        let link = room.join(join).map_err(|refused| match refused {
            JoinRefused::Token(_) if super::signal::expired(&connect.token) => ConnectError::TokenExpired,
            JoinRefused::Token(why) => ConnectError::TokenRefused { why },
            JoinRefused::UnknownApp(why) => ConnectError::Documented { code: ErrorCode::JoinBadAppid, why },
            JoinRefused::Stopped => ConnectError::Unreachable { host: "room".into(), why: refused.to_string() },
        })?;
        Ok(Self { attempt: connect.attempt, link, waiting: VecDeque::new(), waiting_bytes: 0 })
    }

    /// Sends now, or later what must not get lost. Gives back the track of a frame that is lost.
    pub fn send(&mut self, message: ToRoom) -> Option<std::sync::Arc<str>> {
        if let ToRoom::Frame(frame) = &message {
            let track = std::sync::Arc::clone(&frame.track);
            return matches!(self.link.sender.send(message), Err(Refused::Full(_))).then_some(track);
        }
        if self.waiting.is_empty() {
            // Where the room has ended, the receiver says so.
            if let Err(Refused::Full(message)) = self.link.sender.send(message) {
                self.wait(message);
            }
        } else {
            self.wait(message);
        }
        None
    }

    fn wait(&mut self, message: ToRoom) {
        self.waiting_bytes += size(&message);
        self.waiting.push_back(message);
        if self.waiting_bytes > MOST_WAITING {
            metrics::counter!("artc_open_signal_dropped_total").increment(self.waiting.len() as u64);
            self.waiting.clear();
            self.link.receiver.close();
        }
    }

    /// What the room says next.
    pub async fn next(&mut self) -> FromRoom {
        loop {
            if self.waiting.is_empty() {
                return self.link.receiver.recv().await.unwrap_or(FromRoom::Closed);
            }
            tokio::select! {
                biased;
                message = self.link.receiver.recv() => return message.unwrap_or(FromRoom::Closed),
                () = self.link.sender.ready() => self.send_waiting(),
            }
        }
    }

    /// What the room has said already.
    pub fn next_now(&mut self) -> Option<FromRoom> {
        self.link.receiver.try_recv().ok()
    }

    fn send_waiting(&mut self) {
        while let Some(message) = self.waiting.pop_front() {
            let bytes = size(&message);
            if let Err(Refused::Full(message)) = self.link.sender.send(message) {
                self.waiting.push_front(message);
                return;
            }
            self.waiting_bytes -= bytes;
        }
    }
}

fn size(message: &ToRoom) -> usize {
    match message {
        ToRoom::Signal(bytes) | ToRoom::Data(_, bytes) => bytes.len(),
        ToRoom::Frame(_) | ToRoom::KeyFrame(_) | ToRoom::Unpublish(_) | ToRoom::Closed => 64,
    }
}
