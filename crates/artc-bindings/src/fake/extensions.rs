//! What a fake engine can beyond the documents: commands, byte streams, key frames on request, who is in the channel.

use std::sync::Arc;

use crate::check;
use crate::error::CallError;
use crate::extensions::{COMMAND_TOPIC, EncodedTap, EngineStats, Extensions, Participant};
use crate::fake::engine::FakeEngine;
use crate::fake::media::ReceivedBytes;
use crate::fake::state::{AGENDA_DEPTH, Effect, State};
use crate::track::VideoSource;

/// Byte streams kept for [`World::take_received_bytes`](super::World::take_received_bytes); the oldest makes room.
const RECEIVED_DEPTH: usize = 64;

impl Extensions for FakeEngine {
    fn send_command_message(&self, to: &str, data: &[u8]) -> Result<(), CallError> {
        const METHOD: &str = "send_command_message";
        self.call(METHOD, |state, id| {
            check::command(METHOD, data.len())?;
            let (from, receiver) = find(state, id, to, METHOD)?;
            room_on_agenda(state, METHOD)?;
            state.after(state.config.latency, Effect::Command { to: receiver, from, data: data.to_vec() });
            Ok(())
        })
    }

    fn answer_command_call(&self, to: &str, call: &str, data: &[u8]) -> Result<(), CallError> {
        // Nobody calls here; what is answered nevertheless is kept as bytes under the name of the call.
        self.send_bytes(to, COMMAND_TOPIC, call, "application/json", data.to_vec())
    }

    fn send_bytes(&self, to: &str, topic: &str, name: &str, mime: &str, bytes: Vec<u8>) -> Result<(), CallError> {
        const METHOD: &str = "send_bytes";
        self.call(METHOD, |state, id| {
            let (from, receiver) = find(state, id, to, METHOD)?;
            let received = &mut state.members[receiver].received_bytes;
            if received.len() >= RECEIVED_DEPTH {
                received.remove(0);
            }
            let [topic, name, mime] = [topic, name, mime].map(str::to_owned);
            received.push(ReceivedBytes { from, topic, name, mime, bytes });
            Ok(())
        })
    }

    fn request_key_frame(&self, _source: VideoSource) -> Result<(), CallError> {
        self.call("request_key_frame", |state, id| {
            state.ask_for_key_frame(id);
            Ok(())
        })
    }

    fn set_tap(&self, _tap: Option<Arc<dyn EncodedTap>>) -> Result<(), CallError> {
        // Pictures go to the others as they were pushed: nothing is encoded here.
        Err(CallError::Unsupported { method: "set_tap" })
    }

    fn network_changed(&self) {
        self.world.lock().look_again(self.id);
    }

    fn stats(&self) -> EngineStats {
        self.world.lock().members[self.id].stats
    }

    fn participants(&self) -> Vec<Participant> {
        let state = self.world.lock();
        let Some((_, channel)) = state.address(self.id) else { return Vec::new() };
        let others = state.listeners(self.id, &channel).into_iter().map(|other| &state.members[other]);
        others
            .filter(|member| member.is_seen())
            .filter_map(|member| {
                let join = member.join.as_ref()?;
                let (audio_track, video_track) = member.available();
                Some(Participant { identity: join.user_id.clone(), name: join.user_name.clone(), audio_track, video_track })
            })
            .collect()
    }
}

/// The sender's name, and the engine of a user in the sender's channel.
fn find(state: &State, id: usize, to: &str, method: &'static str) -> Result<(String, usize), CallError> {
    let Some((from, channel)) = state.address(id) else { return Err(CallError::NotJoined { method }) };
    let receiver = state.listeners(id, &channel).into_iter().find(|other| state.members[*other].user_id() == Some(to));
    match receiver {
        Some(receiver) => Ok((from, receiver)),
        None => Err(CallError::BadArgument { method, argument: "to", why: format!("is {to:?}, who is not in the channel") }),
    }
}

/// Whether the world's agenda takes another effect.
pub(super) fn room_on_agenda(state: &State, method: &'static str) -> Result<(), CallError> {
    if state.agenda.len() < AGENDA_DEPTH { Ok(()) } else { Err(CallError::BufferFull { method }) }
}
