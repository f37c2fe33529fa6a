//! The way to a room of the same process ([`rtc::local`]), in place of both peer connections: what changes when nothing has to be
//! negotiated, encrypted or cut into packets. Not for the link itself, which the shell holds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::depacketize::{Coding, Depacketizer};
use rtc::local::{FromRoom, Packet, ToRoom};
use rtc::proto;

use super::remote::{ReceivedFrame, RemoteMedia};
use super::{Output, Session};
use crate::sync::{CaptureClock, Captured};
use crate::video::PictureCodec;

/// The room is asked for a key frame of one track at most this often.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// What is known of one stay in the room.
#[derive(Default)]
pub(super) struct LocalPath {
    /// Tracks that we receive, by sid.
    received: HashMap<Arc<str>, Received>,
}

/// A track on its way to us.
struct Received {
    subscription: u64,
    depacketizer: Depacketizer,
    /// Time of the last packet in ticks, beyond the 32 bits of RTP.
    time: Option<u64>,
    asked: Option<Instant>,
}

impl Received {
    fn new(subscription: u64, codec: PictureCodec) -> Self {
        let coding = match codec {
            PictureCodec::H264 => Coding::H264,
            PictureCodec::Vp8 => Coding::Vp8,
        };
        Self { subscription, depacketizer: Depacketizer::new(coding), time: None, asked: None }
    }

    /// The whole time of an RTP timestamp near the last one.
    fn extend(&mut self, timestamp: u32) -> u64 {
        let time = match self.time {
            // One roll-over up, so that what is a little older than the first packet has a time, too.
            None => u64::from(timestamp) + (1 << 32),
            Some(last) => last.saturating_add_signed(i64::from(timestamp.wrapping_sub(last as u32) as i32)),
        };
        self.time = Some(self.time.map_or(time, |last| last.max(time)));
        time
    }
}

impl Session {
    /// Whether what we publish can be sent.
    pub(super) fn up(&self) -> bool {
        self.local.is_some() || self.link.as_ref().is_some_and(super::link::Link::up)
    }

    /// After the join: the way for media and data, in its kind.
    pub(super) fn make_path(&mut self, now: Instant) {
        if self.setup.local {
            self.local = Some(LocalPath::default());
        } else {
            self.make_link(now);
        }
    }

    /// After the join, when all is asked for: a room of this process has nothing to connect.
    pub(super) fn path_ready(&mut self, now: Instant) {
        if self.local.is_some() {
            self.media_up(now);
        }
    }

    pub(super) fn tell_room(&mut self, message: ToRoom) {
        self.out.push_back(Output::Room(message));
    }

    /// The room said something, over the link of this attempt.
    pub fn room_said(&mut self, attempt: u64, message: FromRoom, now: Instant) {
        if attempt != self.attempt {
            return;
        }
        match message {
            FromRoom::Signal(frame) => self.signal_message(attempt, &frame, now),
            FromRoom::Closed => self.signal_closed(attempt, "the room ended the session", now),
            _ if self.local.is_none() => {}
            FromRoom::Packet(packet) => self.packet_arrived(packet, now),
            FromRoom::Data(channel, data) => self.data_arrived(channel, &data, now),
            FromRoom::KeyFrameWanted { track, rid } => self.key_wanted_of(self.publish.local_of(&track, rid)),
            FromRoom::Bandwidth(Some(bps)) => self.bandwidth(bps, now),
            FromRoom::Bandwidth(None) => self.bandwidth_unknown(now),
        }
    }

    fn packet_arrived(&mut self, packet: Packet, now: Instant) {
        let Some((uid, media)) = self.sender_of(&packet.track) else { return };
        let codec = self.codec_of(&uid, &packet.track);
        let Some(local) = &mut self.local else { return };
        let received = local.received.entry(packet.track.clone()).or_insert_with(|| Received::new(packet.subscription, codec));
        if received.subscription != packet.subscription {
            *received = Received::new(packet.subscription, codec);
        }
        let (sid, marker, level) = (packet.track, packet.marker, packet.audio_level);
        let captured = packet.captured.map(|at| Captured { at, by: CaptureClock::Frame });
        if media == RemoteMedia::Sound {
            let time = received.extend(packet.timestamp);
            let frame = ReceivedFrame { time, data: packet.payload, codec, contiguous: true, captured, level };
            return self.hand_out(uid, sid.to_string(), media, frame, now);
        }
        let mut unit = None;
        let whole =
            received.depacketizer.push(packet.seq, packet.timestamp, marker, packet.payload, |complete| unit = Some(complete));
        // The end of a picture says whether anything came of it; in its middle nobody knows.
        let ask = !whole && marker && received.asked.is_none_or(|at| now.saturating_duration_since(at) >= ASK_EVERY);
        if ask {
            received.asked = Some(now);
        }
        if let Some(unit) = unit {
            let time = received.extend(unit.timestamp);
            let frame = ReceivedFrame { time, data: unit.data.into(), codec, contiguous: true, captured, level };
            self.hand_out(uid, sid.to_string(), media, frame, now);
        }
        if ask {
            self.tell_room(ToRoom::KeyFrame(sid));
        }
    }

    /// A frame did not find room in the link.
    pub fn frame_refused(&mut self, sid: &str) {
        let refused = self.publish.local_of(sid, None).and_then(|local| self.video_input(local));
        if let Some(input) = refused {
            input.want_keys();
        }
    }

    /// The room confirmed a track that we do not publish any more.
    pub(super) fn track_unwanted(&mut self, published: &proto::TrackPublishedResponse) {
        if let (true, Some(info)) = (self.local.is_some(), &published.track) {
            self.tell_room(ToRoom::Unpublish(info.sid.as_str().into()));
        }
    }
}
