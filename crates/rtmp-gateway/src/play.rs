//! A stream that is pulled out: access units of a participant as the room has them, sound as the engine encodes it.

use artc_bindings::{
    AudioFormat, AudioFrame, AudioTrack, AudioTranscodingCodec, ChannelProfile, CreateParams, Event, Extra, JoinChannelConfig,
    PublishMode, SubscribeMode, VideoFormat, VideoFrame, VideoTrack, VideoTrackType, VideoTranscodingCodec,
};
use bytes::Bytes;
use media::h264::is_key;
use rtmp_rs::protocol::message::RtmpMessage;

use crate::flv;
use crate::pace::Pace;
use crate::seat::{Seat, lost};

/// What the engine of a pulled stream is made with: units as they came, and AAC.
pub(crate) fn params() -> CreateParams {
    let extra = Extra {
        audio_observer_codec: Some(AudioTranscodingCodec::Aac),
        video_observer_codec: Some(VideoTranscodingCodec::H264),
        disable_audio_ranking: true,
        ..Extra::default()
    };
    CreateParams { extra, ..CreateParams::default() }
}

/// How it joins.
pub(crate) fn config() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Manually,
        subscribe_mode: SubscribeMode::Manually,
        subscribe_video_format: VideoFormat::H264,
        subscribe_audio_format: AudioFormat::PcmBeforeMixing,
        ..JoinChannelConfig::default()
    }
}

/// A stream on its way out.
pub(crate) struct Playing {
    seat: Seat,
    /// Whose stream.
    user: String,
    tracks: (AudioTrack, VideoTrack),
    parameters: Option<Bytes>,
    sound: Option<Bytes>,
    /// Number of the last picture.
    number: Option<i64>,
    /// Pictures refer to one that was lost.
    waits_for_key: bool,
    paces: [Pace; 2],
}

/// What an event means for the player.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Tags to send, each with its time in ms.
    pub tags: Vec<(RtmpMessage, u32)>,
    /// Whether the stream is there; none where that did not change.
    pub there: Option<bool>,
}

impl Playing {
    pub(crate) fn new(seat: Seat, user: &str) -> Self {
        Self {
            seat,
            user: user.to_owned(),
            tracks: (AudioTrack::No, VideoTrack::No),
            parameters: None,
            sound: None,
            number: None,
            waits_for_key: true,
            paces: Default::default(),
        }
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(crate) fn into_seat(self) -> Seat {
        self.seat
    }

    /// Heeds an event of the engine that came `now` ms after the join.
    pub(crate) fn heed(&mut self, event: Event, now: u64) -> Result<Heard, String> {
        let mut heard = Heard::default();
        match event {
            Event::RemoteTrackAvailableNotify { uid, audio_track, video_track } if uid == self.user => {
                heard.there = self.publishes(audio_track, video_track);
            }
            Event::RemoteUserOffLineNotify { uid } if uid == self.user => {
                heard.there = self.publishes(AudioTrack::No, VideoTrack::No);
            }
            Event::RemoteVideoEncodedSample { uid, frame } if uid == self.user && frame.track != VideoTrackType::Screenshare => {
                self.picture(&frame, now, &mut heard.tags);
            }
            Event::SubscribeAudioAac { uid, frame: AudioFrame::Aac(frame) } if uid == self.user => {
                if let Some((parameters, packet)) = flv::sound_tags(&frame.aac) {
                    let time = self.paces[1].at(i64::from(frame.frame_ms), now);
                    if self.sound.as_ref() != Some(&parameters) {
                        heard.tags.push((RtmpMessage::Audio { timestamp: time, data: parameters.clone() }, time));
                        self.sound = Some(parameters);
                    }
                    heard.tags.push((RtmpMessage::Audio { timestamp: time, data: packet }, time));
                }
            }
            event => lost(&event).map_or(Ok(()), Err)?,
        }
        Ok(heard)
    }

    /// What the user publishes has changed: it is subscribed to.
    fn publishes(&mut self, audio: AudioTrack, video: VideoTrack) -> Option<bool> {
        let camera = if matches!(video, VideoTrack::Camera | VideoTrack::Both) { VideoTrack::Camera } else { VideoTrack::No };
        let before = std::mem::replace(&mut self.tracks, (audio, camera));
        let there = |tracks| tracks != (AudioTrack::No, VideoTrack::No);
        if before.0 != audio {
            self.ask(|seat, user| seat.engine().subscribe_remote_audio_stream(user, audio == AudioTrack::Mic));
        }
        if before.1 != camera {
            self.ask(|seat, user| {
                seat.engine().subscribe_remote_video_stream(user, VideoTrack::Camera, camera != VideoTrack::No)
            });
            (self.number, self.waits_for_key) = (None, true);
        }
        (there(before) != there(self.tracks)).then(|| there(self.tracks))
    }

    fn ask(&self, call: impl FnOnce(&Seat, &str) -> Result<(), artc_bindings::CallError>) {
        if let Err(why) = call(&self.seat, &self.user) {
            tracing::warn!(user = self.user, "RTMP: {why}");
        }
    }

    fn picture(&mut self, frame: &VideoFrame, now: u64, tags: &mut Vec<(RtmpMessage, u32)>) {
        let frame = &frame.frame;
        let (unit, key) = (frame.bytes(), is_key(frame.bytes()));
        // A number after a greater one is of a track that began anew.
        let missed = self.number.replace(frame.frame_num).is_some_and(|before| frame.frame_num > before + 1);
        if missed && !key && !self.waits_for_key {
            // We were late, and what was dropped is what the next ones refer to. Who subscribes gets a key frame.
            self.waits_for_key = true;
            for on in [false, true] {
                self.ask(|seat, user| seat.engine().subscribe_remote_video_stream(user, VideoTrack::Camera, on));
            }
        }
        if self.waits_for_key && !key {
            return;
        }
        let time = self.paces[0].at(frame.frame_ms, now);
        if key {
            if let Some(parameters) = flv::parameters_tag(unit).filter(|tag| self.parameters.as_ref() != Some(tag)) {
                tags.push((RtmpMessage::Video { timestamp: time, data: parameters.clone() }, time));
                self.parameters = Some(parameters);
            }
            self.waits_for_key = self.parameters.is_none();
        }
        if !self.waits_for_key {
            tags.push((RtmpMessage::Video { timestamp: time, data: flv::picture_tag(unit, key) }, time));
        }
    }
}
