//! Commands and replies on their way over the engine. An engine with extensions has a command plane of its own; on one that has only
//! the documented methods a command is a plain data-channel message, and its reply another one, which everybody in the channel gets.

use artc_bindings::{CallError, DataChannelMsg, DataMsgType, Engine};

use super::announce;
use crate::control::Attachment;

/// Whether a data-channel message is meant for the command plane: the application's own messages are none of our business.
pub fn is_command(engine: &dyn Engine, msg: &DataChannelMsg) -> bool {
    let looks_so = || {
        let text = msg.data.trim_ascii();
        text.starts_with(b"{") && text.windows(9).any(|word| word == b"\"jsonrpc\"")
    };
    engine.extensions().is_none() && looks_so()
}

/// Whether files can follow a reply.
pub fn carries_files(engine: &dyn Engine) -> bool {
    engine.extensions().is_some()
}

/// Sends a reply to `to`, and what belongs to it.
pub fn send(engine: &dyn Engine, to: &str, message: Vec<u8>, attachment: Option<Attachment>) -> Result<(), CallError> {
    let Some(extensions) = engine.extensions() else {
        let reply = DataChannelMsg { kind: DataMsgType::Custom, network_time: 0, progress: 0, data: message };
        return engine.send_data_channel_message(&reply);
    };
    extensions.send_command_message(to, &message)?;
    match attachment {
        Some(file) => extensions.send_bytes(to, announce::SNAPSHOT_TOPIC, &file.name, file.mime, file.bytes.to_vec()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use artc_bindings::fake::{World, WorldConfig};

    use super::*;

    #[test]
    fn with_a_command_plane_of_its_own_no_plain_message_is_a_command() {
        let engine: Arc<dyn Engine> = World::new(WorldConfig::default()).engine();
        let command = DataChannelMsg::custom(r#"{"jsonrpc":"2.0","method":"device.info","id":1}"#);
        assert!(!is_command(&*engine, &command));
        assert!(carries_files(&*engine));
        let sent = send(&*engine, "nobody", b"{}".to_vec(), None);
        assert!(matches!(sent, Err(CallError::NotJoined { method: "send_command_message" })), "{sent:?}");
    }
}
