//! Commands and replies on their way over the engine. An engine with extensions has a command plane of its own; on one that has only
//! the documented methods a command is a plain data-channel message, and its reply another one, which everybody in the channel gets.

use std::time::Duration;

use artc_bindings::{CallError, DataChannelMsg, DataMsgType, Engine};

use super::pieces::{self, Pieces};
use crate::control::Letter;

/// Whether files can follow a reply.
pub fn carries_files(engine: &dyn Engine) -> bool {
    engine.extensions().is_some()
}

/// The letter box.
#[derive(Debug, Default)]
pub struct Mail {
    arriving: Pieces,
    /// Long replies sent so far, which is what their pieces are known by.
    long: u64,
}

impl Mail {
    /// The command in a data-channel message, when it is one or the last piece of one: the application's own messages are none of our
    /// business.
    pub fn command(&mut self, engine: &dyn Engine, uid: &str, msg: &DataChannelMsg, now: Duration) -> Option<Vec<u8>> {
        if engine.extensions().is_some() {
            return None;
        }
        if Pieces::is_piece(&msg.data) {
            return self.arriving.take(uid, &msg.data, now);
        }
        let text = msg.data.trim_ascii();
        let looks_so = text.starts_with(b"{") || text.starts_with(b"[");
        (looks_so && text.windows(9).any(|word| word == b"\"jsonrpc\"")).then(|| msg.data.clone())
    }

    /// Sends a reply to `to`, and what belongs to it.
    pub fn send(&mut self, engine: &dyn Engine, to: &str, letter: &Letter) -> Result<(), CallError> {
        let Some(extensions) = engine.extensions() else {
            self.long += 1;
            for data in pieces::cut(&letter.message, self.long) {
                let message = DataChannelMsg { kind: DataMsgType::Custom, network_time: 0, progress: 0, data };
                engine.send_data_channel_message(&message)?;
            }
            return Ok(());
        };
        match &letter.call {
            Some(call) => extensions.answer_command_call(to, call, &letter.message)?,
            None => extensions.send_command_message(to, &letter.message)?,
        }
        for file in &letter.attachments {
            extensions.send_bytes(to, file.topic, &file.name, file.mime, file.bytes.to_vec())?;
        }
        Ok(())
    }

    /// Somebody left.
    pub fn forget(&mut self, uid: &str) {
        self.arriving.forget(uid);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use artc_bindings::fake::{World, WorldConfig};

    use super::*;
    use crate::control::Sender;

    #[test]
    fn with_a_command_plane_of_its_own_no_plain_message_is_a_command() {
        let engine: Arc<dyn Engine> = World::new(WorldConfig::default()).engine();
        let command = DataChannelMsg::custom(r#"{"jsonrpc":"2.0","method":"device.info","id":1}"#);
        let mut mail = Mail::default();
        assert_eq!(mail.command(&*engine, "app", &command, Duration::ZERO), None);
        assert!(carries_files(&*engine));
        let to = Sender::participant("nobody");
        let letter = Letter { to, call: None, message: b"{}".to_vec(), attachments: Vec::new() };
        let sent = mail.send(&*engine, "nobody", &letter);
        assert!(matches!(sent, Err(CallError::NotJoined { method: "send_command_message" })), "{sent:?}");
    }
}
