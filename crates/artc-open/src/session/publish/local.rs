//! Pictures and sound into a room of the same process: whole, for the room cuts them into packets once for everybody.

use std::sync::Arc;
use std::time::Instant;

use rtc::local::{Frame, FrameData, ToRoom};

use super::Local;
use super::send::{AudioPacket, SPEECH, ticks};
use crate::encoder::AccessUnit;
use crate::session::Session;

impl Session {
    pub(super) fn picture_to_room(&mut self, local: Local, unit: &AccessUnit, now: Instant) -> bool {
        let track = &self.publish.tracks[local as usize];
        let (Some(sid), true) = (&track.room_sid, track.negotiated) else { return false };
        let frame = Frame {
            track: Arc::clone(sid),
            rid: track.rid,
            data: FrameData::Picture(Arc::clone(&unit.data)),
            timestamp: ticks(unit.captured_at, 90_000).wrapping_add(track.offset),
            captured_at: self.setup.clock.instant_of(unit.captured_at),
            captured: Some(self.setup.clock.wall_of(unit.captured_at)),
            playout_delay: self.publish.playout,
            audio_level: None,
        };
        self.frame_to_room(local, frame, now);
        true
    }

    pub(super) fn sound_to_room(&mut self, packet: &AudioPacket, now: Instant) -> bool {
        let track = &self.publish.tracks[Local::Microphone as usize];
        let (Some(sid), true) = (&track.room_sid, track.negotiated) else { return false };
        let frame = Frame {
            track: Arc::clone(sid),
            rid: None,
            data: FrameData::Sound(Arc::clone(&packet.data)),
            timestamp: packet.time.wrapping_add(track.offset),
            captured_at: self.setup.clock.instant_of(packet.captured_at),
            captured: None,
            playout_delay: None,
            audio_level: Some((packet.level, packet.level > SPEECH)),
        };
        self.frame_to_room(Local::Microphone, frame, now);
        true
    }

    fn frame_to_room(&mut self, local: Local, frame: Frame, now: Instant) {
        self.tell_room(ToRoom::Frame(frame));
        self.has_sent(local, now);
    }

    /// The room knows the track: frames may follow at once, beginning with one that can be decoded.
    pub(super) fn known_to_room(&mut self, local: Local, now: Instant) {
        if self.local.is_none() {
            return;
        }
        let track = self.publish.track(local);
        track.room_sid = Some(track.sid.as_str().into());
        track.negotiated = true;
        let layered = track.rid.is_some();
        self.publish.follow_camera();
        if let Some(input) = self.video_input(local) {
            input.want_keys();
        }
        if layered {
            // With layers the room does not say what its slowest viewer can take: that one gets the small one.
            self.bandwidth_unknown(now);
        }
        self.refresh_activity();
    }

    /// The room need not carry the track any more.
    pub(super) fn end_in_room(&mut self, sid: &str) {
        if self.local.is_some() && !sid.is_empty() {
            self.tell_room(ToRoom::Unpublish(sid.into()));
        }
    }
}

impl super::Publishing {
    /// Which of our tracks the server calls so; of the camera's layers this one.
    pub(in crate::session) fn local_of(&self, sid: &str, rid: Option<rtc::Rid>) -> Option<Local> {
        let local = self.tracks.iter().find(|track| !sid.is_empty() && track.sid == sid)?.local;
        let small = rid.is_some() && local == Local::Camera && self.tracks[Local::Small as usize].rid == rid;
        Some(if small { Local::Small } else { local })
    }
}
