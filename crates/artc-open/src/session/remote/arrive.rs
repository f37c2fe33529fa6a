//! What others send, on its way to those who decode it: to whom it belongs, when it was captured, and how a key frame is asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{SubscribeState, VideoStreamType};
use rtc::Mid;
use rtc::local::ToRoom;
use rtc::proto;
use rtc::str0m::format::Codec;
use rtc::str0m::media::MediaData;

use super::super::{Output, PeerKind, Session};
use super::RemoteMedia;
use crate::sync::{CaptureClock, Captured};
use crate::video::PictureCodec;

/// A frame of somebody else's track.
#[derive(Debug)]
pub struct Arrived {
    /// Whose.
    pub uid: String,
    /// The track's id on the server.
    pub sid: String,
    /// What it shows.
    pub media: RemoteMedia,
    /// Of the small stream of a camera.
    pub small: bool,
    /// The frame.
    pub frame: ReceivedFrame,
}

/// One picture or one Opus packet of somebody else.
#[derive(Debug)]
pub struct ReceivedFrame {
    /// RTP time without roll-over: 90 kHz for pictures, 48 kHz for sound.
    pub time: u64,
    /// H.264 as Annex B, VP8, or Opus.
    pub data: Arc<[u8]>,
    /// How a picture is encoded; says nothing about sound.
    pub codec: PictureCodec,
    /// Nothing is missing between the frame before and this one.
    pub contiguous: bool,
    /// When it was captured, if that can be known.
    pub captured: Option<Captured>,
    /// Loudness of sound in dBov (0 loudest, -127 silent), if the sender says.
    pub level: Option<i8>,
}

impl From<MediaData> for ReceivedFrame {
    fn from(data: MediaData) -> Self {
        let own = data.ext_vals.abs_capture_time.map(|time| Captured { at: time.capture_time, by: CaptureClock::Frame });
        let reported = || {
            let report = data.last_sender_info?;
            // A report has the 32 bits of RTP.
            let ticks = i64::from((data.time.numer() as u32).wrapping_sub(report.rtp_time.numer() as u32) as i32);
            let hz = u64::from(data.time.frequency().get());
            let offset = Duration::from_micros(ticks.unsigned_abs() * 1_000_000 / hz);
            let at = if ticks < 0 { report.ntp_time.checked_sub(offset) } else { report.ntp_time.checked_add(offset) };
            Some(Captured { at: at?, by: CaptureClock::Reports })
        };
        Self {
            time: data.time.numer(),
            codec: if data.params.spec().codec == Codec::Vp8 { PictureCodec::Vp8 } else { PictureCodec::H264 },
            contiguous: data.contiguous,
            captured: own.or_else(reported),
            level: data.ext_vals.audio_level,
            data: data.data,
        }
    }
}

impl Session {
    /// Which section carries which track, by the server's offer.
    pub(in super::super) fn sections_changed(&mut self, offer: &proto::SessionDescription) {
        let Ok(sdp) = rtc::sdp::Sdp::parse(&offer.sdp) else { return };
        self.remote.mids.clear();
        for section in sdp.sections() {
            let Some(mid) = section.mid() else { continue };
            let said = offer.mid_to_track_id.get(mid).map(String::as_str);
            let named = section.msid().map(|(_, track)| track);
            if let Some(sid) = said.or(named).filter(|_| section.kind().is_some() && section.sends()) {
                self.remote.mids.insert(Mid::from(mid), sid.to_owned());
            }
        }
    }

    pub(in super::super) fn arrived(&mut self, frame: MediaData, now: Instant) {
        let Some(sid) = self.remote.mids.get(&frame.mid).cloned() else { return };
        let Some((uid, media)) = self.sender_of(&sid) else { return };
        self.hand_out(uid, sid, media, frame.into(), now);
    }

    /// Whose track it is and what it shows, if we have asked for it.
    pub(in super::super) fn sender_of(&self, sid: &str) -> Option<(String, RemoteMedia)> {
        self.remote.people.iter().find_map(|(identity, person)| {
            let track = person.tracks.iter().find(|t| t.sid == sid && t.asked)?;
            Some((identity.clone(), track.media))
        })
    }

    pub(in super::super) fn hand_out(
        &mut self,
        uid: String,
        sid: String,
        media: RemoteMedia,
        frame: ReceivedFrame,
        now: Instant,
    ) {
        self.set_subscribe_state(&uid, &sid, SubscribeState::Subscribed, now);
        let stream = self.remote.people.get(&uid).map(|person| person.stream);
        let small = media == RemoteMedia::Camera && stream == Some(VideoStreamType::Low);
        self.out.push_back(Output::Arrived(Arrived { uid, sid, media, small, frame }));
    }

    /// A decoder lost its way and needs a key frame of this track.
    pub fn remote_key_frame(&mut self, sid: &str) {
        if self.local.is_some() {
            return self.tell_room(ToRoom::KeyFrame(sid.into()));
        }
        let mid = self.remote.mids.iter().find(|(_, known)| *known == sid).map(|(mid, _)| *mid);
        if let (Some(mid), Some(link)) = (mid, &mut self.link) {
            link.peer(PeerKind::Subscriber).request_key_frame(mid, None);
        }
    }
}
