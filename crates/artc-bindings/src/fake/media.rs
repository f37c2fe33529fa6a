//! Pictures, sound and messages from one fake engine to the others of its channel.

use std::sync::Arc;
use std::time::Duration;

use crate::audio::MAX_VOLUME;
use crate::channel::{AudioFormat, VideoFormat};
use crate::check;
use crate::error::CallError;
use crate::event::{Event, SubscribeChange};
use crate::fake::member::{Phase, Sei, Track};
use crate::fake::state::State;
use crate::frame::{AudioFrame, AudioPcmFrame, VideoFrame, VideoFrameType, VideoH264Frame};
use crate::sample::{VideoDataFormat, VideoDataSample};
use crate::track::{SubscribeState, VideoSource, VideoStreamType, VideoTrackType};

/// A byte stream as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedBytes {
    /// Who sent it.
    pub from: String,
    /// Its topic.
    pub topic: String,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl State {
    pub(super) fn push_video(&mut self, id: usize, frame: &VideoDataSample, source: VideoSource) -> Result<(), CallError> {
        const METHOD: &str = "push_external_video_frame";
        frame.check()?;
        let track = track_of(source);
        let member = &mut self.members[id];
        let input = if track == Track::Camera { member.camera_input } else { member.screen_input };
        if input.is_none() {
            return Err(CallError::SourceOff { method: METHOD });
        }
        if member.phase == Phase::Idle {
            return Err(CallError::NotJoined { method: METHOD });
        }
        if member.video_full {
            return Err(CallError::BufferFull { method: METHOD });
        }
        if member.keeps_time() {
            return self.picture_waits(id, frame, source);
        }
        self.show(id, frame, source);
        Ok(())
    }

    /// A picture is encoded and sent, if there is somebody to send it to.
    pub(super) fn show(&mut self, id: usize, frame: &VideoDataSample, source: VideoSource) {
        let track = track_of(source);
        let member = &mut self.members[id];
        member.passes_through = frame.format == VideoDataFormat::H264;
        member.stats.video.pushed += 1;
        if member.phase != Phase::Joined || !member.track(track).active() || member.track(track).muted {
            member.stats.video.dropped += 1;
            return;
        }
        let counter =
            if member.passes_through { &mut member.stats.video.passed_through } else { &mut member.stats.video.encoded };
        *counter += 1;
        (member.stats.video.width, member.stats.video.height) = (frame.width, frame.height);
        member.track_mut(track).media = true;
        self.media_moves(id, track);
        if track == Track::Camera && self.members[id].track(Track::Small).active() {
            self.members[id].track_mut(Track::Small).media = true;
            self.media_moves(id, Track::Small);
        }
        let sei = self.next_sei(id, key_frame(frame));
        self.deliver_video(id, frame, track, sei);
    }

    fn deliver_video(&mut self, id: usize, frame: &VideoDataSample, track: Track, sei: Option<Vec<u8>>) {
        let Some((uid, channel)) = self.address(id) else { return };
        let kind = match frame.format {
            VideoDataFormat::H264 => VideoFrameType::H264Nalu,
            _ => VideoFrameType::H264,
        };
        for to in self.listeners(id, &channel) {
            let Some(remote) = self.members[to].remotes.get(&uid) else { continue };
            let subscription = if track == Track::Camera { &remote.camera } else { &remote.screen };
            if !subscription.active() {
                continue;
            }
            let small = remote.stream_type == VideoStreamType::Low;
            self.first_media(to, &uid, &channel, track);
            if let Some(message) = &sei {
                self.tell(to, Event::MediaExtensionMsgReceived { user_id: uid.clone(), message: message.clone() });
            }
            let video_track = match (track, small) {
                (Track::Screen, _) => VideoTrackType::Screenshare,
                (_, true) => VideoTrackType::CameraSmall,
                _ => VideoTrackType::CameraLarge,
            };
            let received = VideoFrame {
                track: video_track,
                kind,
                frame: VideoH264Frame {
                    frame_ms: frame.time_stamp,
                    frame_num: i64::try_from(self.members[id].stats.video.pushed).unwrap_or(i64::MAX),
                    buf: Arc::clone(&frame.data),
                    buf_size: frame.data_len,
                    width: frame.width,
                    height: frame.height,
                    qp: 0,
                    motion_vectors: Vec::new(),
                    slice_type: 0,
                    captured_at: frame.captured_at,
                },
            };
            let wants_pictures =
                self.members[to].join.as_ref().is_some_and(|join| join.config.subscribe_video_format == VideoFormat::H264);
            match kind {
                VideoFrameType::H264Nalu => self.tell(to, Event::RemoteVideoEncodedSample { uid: uid.clone(), frame: received }),
                VideoFrameType::H264 if wants_pictures => {
                    self.tell(to, Event::RemoteVideoSample { uid: uid.clone(), frame: received });
                }
                VideoFrameType::H264 => {}
            }
        }
    }

    pub(super) fn push_audio(&mut self, id: usize, samples: &[u8], time_stamp: i64) -> Result<(), CallError> {
        const METHOD: &str = "push_external_audio_frame_raw_data";
        let now = self.now;
        let usual = self.config.audio_buffer;
        let member = &mut self.members[id];
        let Some((rate, channels)) = member.audio_input else { return Err(CallError::SourceOff { method: METHOD }) };
        if member.phase == Phase::Idle {
            return Err(CallError::NotJoined { method: METHOD });
        }
        let count = check::pcm(samples.len(), channels)?;
        let duration = Duration::from_secs(1) * u32::try_from(count).unwrap_or(u32::MAX) / rate;
        if member.keeps_time() {
            self.check_sound_time(id, time_stamp)?;
        }
        let member = &mut self.members[id];
        let limit = member.most_sound().unwrap_or(usual);
        let held = member.audio_until.saturating_sub(now);
        if member.audio_full || held + duration > limit.max(duration) {
            if !member.audio_full_told {
                member.audio_full_told = true;
                self.tell(id, Event::PushAudioFrameBufferFull { is_full: true });
            }
            return Err(CallError::BufferFull { method: METHOD });
        }
        member.audio_until = member.audio_until.max(now) + duration;
        if member.keeps_time() {
            return self.sound_waits(id, samples, time_stamp);
        }
        self.sound(id, samples);
        Ok(())
    }

    /// Sound is encoded and sent, if there is somebody to send it to.
    pub(super) fn sound(&mut self, id: usize, samples: &[u8]) {
        let member = &mut self.members[id];
        let Some((rate, channels)) = member.audio_input else { return };
        let count = samples.len() / (2 * channels as usize);
        let duration = Duration::from_secs(1) * u32::try_from(count).unwrap_or(u32::MAX) / rate;
        member.stats.audio.pushed += 1;
        if member.phase != Phase::Joined || !member.track(Track::Mic).active() || member.track(Track::Mic).muted {
            member.stats.audio.dropped += 1;
            return;
        }
        member.stats.audio.packets += 1;
        member.track_mut(Track::Mic).media = true;
        let volume = member.volume;
        let pcm = samples.chunks_exact(2).map(|s| scale(i16::from_le_bytes([s[0], s[1]]), volume)).collect();
        let frame = AudioPcmFrame {
            frame_ms: u32::try_from(duration.as_millis()).unwrap_or(u32::MAX),
            channels: u16::try_from(channels).unwrap_or(u16::MAX),
            sample_bits: 16,
            sample_rates: rate,
            samples: u32::try_from(count).unwrap_or(u32::MAX),
            stream_index: 0,
            pcm,
        };
        self.media_moves(id, Track::Mic);
        self.deliver_audio(id, &frame);
    }

    fn deliver_audio(&mut self, id: usize, frame: &AudioPcmFrame) {
        let Some((uid, channel)) = self.address(id) else { return };
        for to in self.listeners(id, &channel) {
            if !self.members[to].remotes.get(&uid).is_some_and(|remote| remote.mic.active()) {
                continue;
            }
            self.first_media(to, &uid, &channel, Track::Mic);
            let frame = AudioFrame::Pcm(frame.clone());
            match self.members[to].join.as_ref().map(|join| join.config.subscribe_audio_format) {
                Some(AudioFormat::MixedPcm) => self.tell(to, Event::SubscribeMixAudioFrame { frame }),
                Some(AudioFormat::PcmBeforeMixing) => self.tell(to, Event::SubscribeAudioFrame { uid: uid.clone(), frame }),
                Some(AudioFormat::None) | None => {}
            }
        }
    }

    /// The first media of a subscription makes it "subscribed".
    fn first_media(&mut self, to: usize, uid: &str, channel: &str, track: Track) {
        let now = self.now;
        let Some(remote) = self.members[to].remotes.get_mut(uid) else { return };
        let (subscription, event): (_, fn(SubscribeChange) -> Event) = match track {
            Track::Mic => (&mut remote.mic, Event::AudioSubscribeStateChanged),
            Track::Screen => (&mut remote.screen, Event::ScreenShareSubscribeStateChanged),
            Track::Camera | Track::Small => (&mut remote.camera, Event::VideoSubscribeStateChanged),
        };
        if subscription.state != SubscribeState::Subscribing {
            return;
        }
        subscription.state = SubscribeState::Subscribed;
        let elapse_since_last_state = now.saturating_sub(std::mem::replace(&mut subscription.since, now));
        let change = SubscribeChange {
            uid: uid.to_owned(),
            old_state: SubscribeState::Subscribing,
            new_state: SubscribeState::Subscribed,
            elapse_since_last_state,
            channel: channel.to_owned(),
        };
        self.tell(to, event(change));
    }

    /// Tells engines whose full buffer has drained to a half that there is room again.
    pub(super) fn drain_audio(&mut self) {
        let (now, usual) = (self.now, self.config.audio_buffer);
        for member in &mut self.members {
            let half = member.most_sound().unwrap_or(usual) / 2;
            if member.audio_full_told && !member.audio_full && member.audio_until.saturating_sub(now) <= half {
                member.audio_full_told = false;
                member.queue.push(Event::PushAudioFrameBufferFull { is_full: false });
            }
        }
    }

    /// The message that rides on this picture.
    fn next_sei(&mut self, id: usize, key: bool) -> Option<Vec<u8>> {
        let now = self.now;
        let slot = &mut self.members[id].sei;
        let Sei { message, left, not_before, only_key } = slot.as_mut()?;
        if now < *not_before || (*only_key && !key) {
            return None;
        }
        let message = message.clone();
        match left {
            Some(1) => *slot = None,
            Some(n) => *n -= 1,
            None => {}
        }
        Some(message)
    }

    pub(super) fn ask_for_key_frame(&mut self, id: usize) {
        self.members[id].stats.network.key_frame_requests += 1;
        if self.members[id].passes_through {
            self.tell(id, Event::KeyFrameNeeded { source: VideoSource::Camera });
        }
    }

    /// User and channel of an engine that is in one.
    pub(super) fn address(&self, id: usize) -> Option<(String, String)> {
        let member = &self.members[id];
        let join = member.join.as_ref().filter(|_| member.phase == Phase::Joined)?;
        Some((join.user_id.clone(), join.channel.clone()))
    }

    /// The other engines of a channel.
    pub(super) fn listeners(&self, id: usize, channel: &str) -> Vec<usize> {
        (0..self.members.len()).filter(|to| *to != id && self.members[*to].in_channel(channel)).collect()
    }
}

fn track_of(source: VideoSource) -> Track {
    match source {
        VideoSource::Camera => Track::Camera,
        VideoSource::ScreenShare => Track::Screen,
    }
}

/// Whether a decoder can start here: raw pictures always, access units with a parameter set.
fn key_frame(frame: &VideoDataSample) -> bool {
    const SPS: u8 = 7;
    frame.format != VideoDataFormat::H264
        || frame.bytes().windows(4).any(|w| w[0] == 0 && w[1] == 0 && w[2] == 1 && w[3] & 0x1f == SPS)
}

/// A sample at a loudness of 0 to 100.
fn scale(sample: i16, volume: i32) -> i16 {
    let scaled = i32::from(sample) * volume / MAX_VOLUME;
    i16::try_from(scaled).unwrap_or(if scaled < 0 { i16::MIN } else { i16::MAX })
}
