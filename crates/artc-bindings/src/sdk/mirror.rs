//! What the engine knows without asking the SDK: how its channel stands, what is allowed, and what was set, so that calls are judged
//! and questions answered at once, and a new child gets every setting again.

use serde_json::Value;

use super::link::packet;
use super::push::Lines;
use crate::channel::{ChannelProfile, ClientRole, JoinChannelConfig};
use crate::error::CallError;
use crate::event::Event;
use crate::track::{PublishState, VideoSource};

/// Where the engine stands with its channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Idle,
    Joining,
    Joined,
    Leaving,
}

/// What can be published, in the order of the arrays below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Track {
    Camera,
    Screen,
    Sound,
    Small,
}

/// The engine's own knowledge.
#[derive(Debug)]
pub(super) struct Mirror {
    pub released: bool,
    pub phase: Phase,
    pub channel: String,
    pub user: String,
    profile: ChannelProfile,
    role: Option<ClientRole>,
    /// What may be published.
    pub allowed: [bool; 4],
    /// What the SDK publishes, or is about to.
    publishing: [bool; 4],
    /// Pushed camera and screen are switched on.
    pub sources: [bool; 2],
    /// Rate and channels of pushed sound, where it is switched on.
    pub sound: Option<(u32, u32)>,
    pub volume: i32,
    pub sends_data: bool,
    /// What may wait of pushed media.
    pub lines: Lines,
    parameters: Value,
    /// The last call of each setting as a packet, in the order in which they were first made.
    settings: Vec<(String, Vec<u8>)>,
    /// A join that waits for a child.
    pub waiting: Option<Vec<u8>>,
}

impl Mirror {
    pub fn new() -> Self {
        Self {
            released: false,
            phase: Phase::Idle,
            channel: String::new(),
            user: String::new(),
            profile: ChannelProfile::InteractiveLive,
            role: None,
            allowed: [true, false, true, false],
            publishing: [false; 4],
            sources: [false; 2],
            sound: None,
            volume: crate::audio::MAX_VOLUME,
            sends_data: false,
            lines: Lines::new(&JoinChannelConfig::default()),
            parameters: Value::Object(serde_json::Map::new()),
            settings: Vec::new(),
            waiting: None,
        }
    }

    pub fn alive(&self, method: &'static str) -> Result<(), CallError> {
        if self.released { Err(CallError::Released { method }) } else { Ok(()) }
    }

    pub fn in_channel(&self, method: &'static str) -> Result<(), CallError> {
        self.alive(method)?;
        if self.phase == Phase::Idle { Err(CallError::NotJoined { method }) } else { Ok(()) }
    }

    pub fn joining(&mut self, channel: &str, user: &str, config: &JoinChannelConfig) {
        self.phase = Phase::Joining;
        channel.clone_into(&mut self.channel);
        user.clone_into(&mut self.user);
        self.profile = config.channel_profile;
        self.lines = Lines::new(config);
        self.publishing = [false; 4];
    }

    /// The channel is behind us.
    pub fn out(&mut self) {
        self.phase = Phase::Idle;
        self.publishing = [false; 4];
        self.waiting = None;
    }

    pub fn is_on(&self, source: VideoSource) -> bool {
        self.sources[source as usize]
    }

    pub fn set_role(&mut self, role: ClientRole) {
        self.role = Some(role);
    }

    /// A viewer by the caller's own word, where that matters.
    pub fn is_viewer(&self) -> bool {
        self.profile != ChannelProfile::Communication && self.role == Some(ClientRole::Live)
    }

    /// Something is published that was not forbidden since: what was just stopped may still be on its way out.
    pub fn publishes(&self) -> bool {
        let in_channel = matches!(self.phase, Phase::Joining | Phase::Joined);
        let roles = self.profile != ChannelProfile::Communication;
        in_channel && roles && self.allowed.iter().zip(self.publishing).any(|(allowed, publishing)| *allowed && publishing)
    }

    /// Notes a setting for the next child; `about` tells apart settings of one method.
    pub fn note(&mut self, method: &str, about: &str, arguments: &Value) {
        let (key, packet) = (format!("{method} {about}"), packet(method, arguments, &[]));
        match self.settings.iter_mut().find(|(known, _)| *known == key) {
            Some((_, last)) => *last = packet,
            None => self.settings.push((key, packet)),
        }
    }

    /// Adds the JSON object of a `set_parameter`, which was checked, to those before; all of them as one text.
    pub fn merge_parameters(&mut self, params: &str) -> String {
        fn merge(into: &mut Value, from: Value) {
            match (into, from) {
                (Value::Object(into), Value::Object(from)) => {
                    from.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
                }
                (into, from) => *into = from,
            }
        }
        merge(&mut self.parameters, serde_json::from_str(params).unwrap_or_default());
        self.parameters.to_string()
    }

    /// Everything that a new child has to be told.
    pub fn settings(&self) -> impl Iterator<Item = &[u8]> {
        self.settings.iter().map(|(_, packet)| &**packet)
    }

    /// Learns from what the SDK tells.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::JoinChannelResult { result, .. } => match (result.is_ok(), self.phase) {
                (true, Phase::Joining) => self.phase = Phase::Joined,
                (false, Phase::Joining | Phase::Joined) => self.out(),
                // Of a join that was left before it was decided.
                _ => {}
            },
            Event::LeaveChannelResult { .. } => self.out(),
            Event::VideoPublishStateChanged(change) => self.publishes_now(Track::Camera, change.new_state),
            Event::ScreenSharePublishStateChanged(change) => self.publishes_now(Track::Screen, change.new_state),
            Event::AudioPublishStateChanged(change) => self.publishes_now(Track::Sound, change.new_state),
            Event::DualStreamPublishStateChanged(change) => self.publishes_now(Track::Small, change.new_state),
            _ => {}
        }
    }

    fn publishes_now(&mut self, track: Track, state: PublishState) {
        self.publishing[track as usize] = matches!(state, PublishState::Publishing | PublishState::Published);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorCode;
    use crate::event::PublishChange;

    fn joined(mirror: &mut Mirror, profile: ChannelProfile) {
        mirror.joining("yard", "cam", &JoinChannelConfig { channel_profile: profile, ..JoinChannelConfig::default() });
        let (channel, user_id) = ("yard".to_owned(), "cam".to_owned());
        mirror.hear(&Event::JoinChannelResult { result: ErrorCode::Ok, channel, user_id });
        assert_eq!(mirror.phase, Phase::Joined);
    }

    #[test]
    fn a_new_child_gets_the_last_of_each_setting_in_order() {
        let mut mirror = Mirror::new();
        mirror.note("SetExternalVideoSource", "camera", &json!([true, 0, 0]));
        mirror.note("SetExternalVideoSource", "screen", &json!([true, 1, 0]));
        mirror.note("MuteLocalMic", "", &json!([true]));
        mirror.note("SetExternalVideoSource", "camera", &json!([false, 0, 0]));
        let said: Vec<_> = mirror.settings().map(|packet| String::from_utf8_lossy(packet).trim().to_owned()).collect();
        let camera = r#"["SetExternalVideoSource",[false,0,0]]"#;
        assert_eq!(said, [camera, r#"["SetExternalVideoSource",[true,1,0]]"#, r#"["MuteLocalMic",[true]]"#]);
    }

    #[test]
    fn parameters_add_up() {
        let mut mirror = Mirror::new();
        mirror.merge_parameters(r#"{"data":{"enablePubDataChannel":true}}"#);
        let all = mirror.merge_parameters(r#"{"data":{"enableSubDataChannel":true},"other":1}"#);
        let expected = json!({ "data": { "enablePubDataChannel": true, "enableSubDataChannel": true }, "other": 1 });
        assert_eq!(serde_json::from_str::<Value>(&all).expect("JSON"), expected);
    }

    #[test]
    fn what_was_forbidden_counts_as_stopped_before_the_sdk_says_so() {
        let mut mirror = Mirror::new();
        joined(&mut mirror, ChannelProfile::InteractiveLive);
        assert!(!mirror.publishes());
        mirror.hear(&Event::VideoPublishStateChanged(PublishChange {
            old_state: PublishState::Idle,
            new_state: PublishState::Publishing,
            elapse_since_last_state: std::time::Duration::ZERO,
            channel: "yard".into(),
        }));
        assert!(mirror.publishes());
        mirror.allowed[Track::Camera as usize] = false;
        assert!(!mirror.publishes());
    }

    #[test]
    fn a_join_that_was_left_does_not_come_back() {
        let mut mirror = Mirror::new();
        mirror.joining("yard", "cam", &JoinChannelConfig::default());
        mirror.phase = Phase::Leaving;
        let (channel, user_id) = ("yard".to_owned(), "cam".to_owned());
        mirror.hear(&Event::JoinChannelResult { result: ErrorCode::Ok, channel, user_id });
        assert_eq!(mirror.phase, Phase::Leaving);
        mirror.hear(&Event::LeaveChannelResult { result: ErrorCode::Ok });
        assert_eq!(mirror.phase, Phase::Idle);
    }
}
