//! What the world knows about one engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::audio::{AudioQualityMode, AudioSceneMode, MAX_VOLUME};
use crate::channel::{ChannelProfile, ClientRole, JoinChannelConfig, PublishMode, SubscribeMode};
use crate::encoder::{ScreenShareEncoderConfiguration, VideoEncoderConfiguration};
use crate::extensions::EngineStats;
use crate::fake::media::ReceivedBytes;
use crate::fake::timing::Axis;
use crate::queue::EventQueue;
use crate::track::{AudioTrack, PublishState, RenderMode, SubscribeState, VideoStreamType, VideoTrack};

/// Tracks that an engine can publish, in the order in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Track {
    Mic,
    Camera,
    Screen,
    Small,
}

impl Track {
    pub(super) const ALL: [Self; 4] = [Self::Mic, Self::Camera, Self::Screen, Self::Small];
}

/// Where an engine stands between joining and leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Joining,
    Joined,
    /// In the channel as far as the engine knows, while the link is gone.
    Reconnecting,
    Leaving,
}

#[derive(Debug)]
pub(super) struct Publishing {
    /// What the caller said; `None` = the default stands.
    pub(super) wanted: Option<bool>,
    pub(super) state: PublishState,
    pub(super) since: Duration,
    /// The channel knows the track.
    pub(super) accepted: bool,
    /// Media was pushed since publishing began.
    pub(super) media: bool,
    pub(super) muted: bool,
}

impl Publishing {
    fn new() -> Self {
        Self { wanted: None, state: PublishState::Idle, since: Duration::ZERO, accepted: false, media: false, muted: false }
    }

    pub(super) fn active(&self) -> bool {
        matches!(self.state, PublishState::Publishing | PublishState::Published)
    }
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) wanted: Option<bool>,
    pub(super) state: SubscribeState,
    pub(super) since: Duration,
}

impl Subscription {
    fn new() -> Self {
        Self { wanted: None, state: SubscribeState::Idle, since: Duration::ZERO }
    }

    pub(super) fn active(&self) -> bool {
        matches!(self.state, SubscribeState::Subscribing | SubscribeState::Subscribed)
    }
}

/// What one engine has seen of another user.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) online: bool,
    pub(super) tracks: (AudioTrack, VideoTrack),
    pub(super) mic: Subscription,
    pub(super) camera: Subscription,
    pub(super) screen: Subscription,
    pub(super) stream_type: VideoStreamType,
    pub(super) wanted_type: Option<VideoStreamType>,
    pub(super) type_since: Duration,
}

impl Remote {
    pub(super) fn new() -> Self {
        Self {
            online: false,
            tracks: (AudioTrack::No, VideoTrack::No),
            mic: Subscription::new(),
            camera: Subscription::new(),
            screen: Subscription::new(),
            stream_type: VideoStreamType::None,
            wanted_type: None,
            type_since: Duration::ZERO,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Join {
    /// Number of the join in the world: tells what belongs to an earlier one.
    pub(super) number: u64,
    pub(super) token: String,
    pub(super) channel: String,
    pub(super) user_id: String,
    pub(super) user_name: String,
    pub(super) config: JoinChannelConfig,
}

/// A message inside the video that still has pictures to ride on.
#[derive(Clone, Debug)]
pub(super) struct Sei {
    pub(super) message: Vec<u8>,
    /// `None` = endless.
    pub(super) left: Option<u32>,
    pub(super) not_before: Duration,
    pub(super) only_key: bool,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) queue: Arc<EventQueue>,
    pub(super) released: bool,
    pub(super) phase: Phase,
    pub(super) join: Option<Join>,
    /// The join began while the link was down.
    pub(super) blind: bool,
    publishing: [Publishing; 4],
    pub(super) camera_input: Option<RenderMode>,
    pub(super) screen_input: Option<RenderMode>,
    /// Rate and channels of pushed sound.
    pub(super) audio_input: Option<(u32, u32)>,
    pub(super) role: Option<ClientRole>,
    pub(super) volume: i32,
    pub(super) audio_profile: (AudioQualityMode, AudioSceneMode),
    pub(super) encoder: VideoEncoderConfiguration,
    pub(super) screen_encoder: ScreenShareEncoderConfiguration,
    pub(super) sends_data: bool,
    pub(super) receives_data: bool,
    pub(super) leave_once_no_streamer: bool,
    /// Somebody publishes, or did until now.
    pub(super) saw_streamer: bool,
    pub(super) check_people: Option<Duration>,
    pub(super) default_type: VideoStreamType,
    pub(super) remotes: BTreeMap<String, Remote>,
    pub(super) sei: Option<Sei>,
    /// Until when the pushed sound lasts, on the world's clock.
    pub(super) audio_until: Duration,
    pub(super) audio_full: bool,
    pub(super) audio_full_told: bool,
    pub(super) video_full: bool,
    /// Time stamps of the join, in the mode `WithPts`.
    pub(super) axis: Axis,
    /// The last picture was encoded by the camera itself.
    pub(super) passes_through: bool,
    pub(super) needed: Option<bool>,
    pub(super) stats: EngineStats,
    pub(super) received_bytes: Vec<ReceivedBytes>,
}

impl Member {
    pub(super) fn new(queue: Arc<EventQueue>) -> Self {
        Self {
            queue,
            released: false,
            phase: Phase::Idle,
            join: None,
            blind: false,
            publishing: std::array::from_fn(|_| Publishing::new()),
            camera_input: None,
            screen_input: None,
            audio_input: None,
            role: None,
            volume: MAX_VOLUME,
            audio_profile: (AudioQualityMode::BasicQuality, AudioSceneMode::Default),
            encoder: VideoEncoderConfiguration::default().clamped(),
            screen_encoder: ScreenShareEncoderConfiguration::default().clamped(),
            sends_data: false,
            receives_data: false,
            leave_once_no_streamer: false,
            saw_streamer: false,
            check_people: None,
            default_type: VideoStreamType::High,
            remotes: BTreeMap::new(),
            sei: None,
            audio_until: Duration::ZERO,
            audio_full: false,
            audio_full_told: false,
            video_full: false,
            axis: Axis::default(),
            passes_through: false,
            needed: None,
            stats: EngineStats::default(),
            received_bytes: Vec::new(),
        }
    }

    pub(super) fn track(&self, track: Track) -> &Publishing {
        &self.publishing[track as usize]
    }

    pub(super) fn track_mut(&mut self, track: Track) -> &mut Publishing {
        &mut self.publishing[track as usize]
    }

    /// Whether publishing is allowed: the flag that the `is_..._published` methods tell.
    pub(super) fn allowed(&self, track: Track) -> bool {
        let default = matches!(track, Track::Mic | Track::Camera);
        self.track(track).wanted.unwrap_or(default)
    }

    /// Whether a track is to be published in this join: said so, or by itself in automatic mode.
    pub(super) fn starts(&self, track: Track) -> bool {
        let Some(join) = &self.join else { return false };
        let by_itself = join.config.publish_mode == PublishMode::Automatically && matches!(track, Track::Mic | Track::Camera);
        let video = track != Track::Mic;
        let viewer = self.profile_has_roles() && self.role == Some(ClientRole::Live);
        !(viewer || video && join.config.is_audio_only) && self.track(track).wanted.unwrap_or(by_itself)
    }

    pub(super) fn publishes(&self) -> bool {
        Track::ALL.iter().any(|track| self.track(*track).active())
    }

    pub(super) fn profile_has_roles(&self) -> bool {
        self.join.as_ref().is_some_and(|join| join.config.channel_profile != ChannelProfile::Communication)
    }

    /// The role as the documents count it: a viewer until told otherwise; but who publishes without ever having set a role is a
    /// broadcaster, since the documents' own quick start does just that.
    pub(super) fn effective_role(&self) -> ClientRole {
        let publishes = self.publishes();
        self.role.unwrap_or(if publishes { ClientRole::Interactive } else { ClientRole::Live })
    }

    /// Whether others are told that we are there.
    pub(super) fn is_seen(&self) -> bool {
        self.phase == Phase::Joined && (!self.profile_has_roles() || self.effective_role() == ClientRole::Interactive)
    }

    pub(super) fn in_channel(&self, channel: &str) -> bool {
        matches!(self.phase, Phase::Joined) && self.join.as_ref().is_some_and(|join| join.channel == channel)
    }

    pub(super) fn user_id(&self) -> Option<&str> {
        self.join.as_ref().map(|join| join.user_id.as_str())
    }

    /// Whether the join's mode subscribes a track by itself.
    pub(super) fn auto_subscribes(&self, track: Track) -> bool {
        match self.join.as_ref().map(|join| join.config.subscribe_mode) {
            Some(SubscribeMode::Automatically) => true,
            Some(SubscribeMode::AudioAutoAndOnly) => track == Track::Mic,
            Some(SubscribeMode::CameraAutoAndOnly) => track == Track::Camera,
            Some(SubscribeMode::Manually) | None => false,
        }
    }

    /// What others can subscribe.
    pub(super) fn available(&self) -> (AudioTrack, VideoTrack) {
        let has = |track| self.track(track).accepted;
        let audio = if has(Track::Mic) { AudioTrack::Mic } else { AudioTrack::No };
        let video = match (has(Track::Camera), has(Track::Screen)) {
            (true, true) => VideoTrack::Both,
            (true, false) => VideoTrack::Camera,
            (false, true) => VideoTrack::Screen,
            (false, false) => VideoTrack::No,
        };
        (audio, video)
    }
}
