//! A published track: what it says of itself, its simulcast layers, and how loud or large it is. Not for who receives it.
#![expect(deprecated, reason = "older clients write the older fields of TrackInfo")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rtc::proto::{self, TrackInfo, VideoQuality};
use rtc::str0m::format::Codec;
use rtc::{MediaKind, Mid, Pt, Rid};

use super::participant::Participant;
use super::{ParticipantId, TrackId};

/// A key frame is asked of a publisher at most this often, whoever asks.
pub(crate) const KEY_FRAME_PAUSE: Duration = Duration::from_millis(500);
/// A layer without packets for this long has been switched off by its publisher.
const LAYER_SILENCE: Duration = Duration::from_secs(2);

/// A track that others can receive.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: TrackId,
    pub(crate) owner: ParticipantId,
    pub(crate) info: TrackInfo,
    pub(crate) sid: std::sync::Arc<str>,
    pub(crate) kind: MediaKind,
    /// Section on the publisher's connection.
    pub(crate) mid: Mid,
    /// `PA_x|TR_y`, the stream id that clients read owner and track from.
    pub(crate) stream: String,
    /// Lowest quality first; one without rid when there is no simulcast.
    pub(crate) layers: Vec<Layer>,
    pub(crate) subscribers: Vec<ParticipantId>,
    /// What its section promises, then what arrives.
    pub(crate) codec: Codec,
    /// Payload type of what arrives, once known.
    pt: Option<Pt>,
    /// H.264 profile-level-id of what arrives, once known.
    pub(crate) profile: Option<u32>,
    /// Muted by an admin: the server holds its packets back.
    pub(crate) held: bool,
    /// Highest quality that the publisher was told somebody watches, and since when less would do.
    pub(crate) quality_told: Option<Option<VideoQuality>>,
    pub(crate) quality_less_since: Option<Instant>,
    pub(crate) subscribed_told: bool,
    /// What the slowest viewer can take, as the publisher was told, bit/s.
    pub(crate) bandwidth_told: Option<u64>,
    pub(crate) since: Option<Instant>,
    pub(crate) level: LevelMeter,
}

/// One simulcast layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) rid: Option<Rid>,
    pub(crate) quality: VideoQuality,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rate: RateMeter,
    last_packet: Option<Instant>,
    key_wanted: bool,
    key_asked: Option<Instant>,
    /// Number of the next packet, where the room itself makes the packets.
    pub(crate) next_seq: u64,
}

impl Layer {
    fn new(rid: Option<Rid>, quality: VideoQuality, size: Option<&proto::VideoLayer>) -> Self {
        Layer {
            rid,
            quality,
            width: size.map_or(0, |s| s.width),
            height: size.map_or(0, |s| s.height),
            rate: RateMeter::default(),
            last_packet: None,
            key_wanted: false,
            key_asked: None,
            next_seq: 0,
        }
    }

    /// Notes a packet; `key` when it begins a key frame.
    pub(crate) fn arrived(&mut self, bytes: usize, key: bool, now: Instant) {
        self.last_packet = Some(now);
        self.rate.add(bytes, now);
        if key {
            self.key_wanted = false;
        }
    }

    /// Whether packets have arrived lately.
    pub(crate) fn flows(&self, now: Instant) -> bool {
        self.last_packet.is_some_and(|at| now.saturating_duration_since(at) < LAYER_SILENCE)
    }

    /// Somebody needs a key frame.
    pub(crate) fn want_key(&mut self) {
        self.key_wanted = true;
    }

    /// Until when the key frame that somebody needs must wait, because one was asked for not long ago.
    pub(crate) fn key_waits_until(&self) -> Option<Instant> {
        self.key_asked.filter(|_| self.key_wanted).map(|asked| asked + KEY_FRAME_PAUSE)
    }

    /// Whether the publisher must be asked for one now.
    pub(crate) fn key_due(&mut self, now: Instant) -> bool {
        let due = self.key_wanted && self.key_waits_until().is_none_or(|at| at <= now);
        if due {
            self.key_asked = Some(now);
        }
        due
    }
}

impl Track {
    pub(crate) fn new(id: TrackId, owner: ParticipantId, owner_sid: &str, info: TrackInfo, mid: Mid, rids: &[Rid]) -> Self {
        let kind = if info.r#type() == proto::TrackType::Audio { MediaKind::Audio } else { MediaKind::Video };
        let stream = format!("{owner_sid}|{}", info.sid);
        let layers = layers(&info, rids);
        Track {
            id,
            owner,
            sid: info.sid.as_str().into(),
            info,
            kind,
            mid,
            stream,
            layers,
            subscribers: Vec::new(),
            codec: if kind == MediaKind::Audio { Codec::Opus } else { Codec::H264 },
            pt: None,
            profile: None,
            held: false,
            quality_told: None,
            quality_less_since: None,
            subscribed_told: false,
            bandwidth_told: None,
            since: None,
            level: LevelMeter::default(),
        }
    }

    /// What clients call it.
    pub(crate) fn mime(codec: Codec) -> &'static str {
        match codec {
            Codec::Opus => "audio/opus",
            Codec::Vp8 => "video/VP8",
            _ => "video/H264",
        }
    }

    /// Whether packets of this payload type have not been seen last.
    pub(crate) fn is_new_type(&self, pt: Pt) -> bool {
        self.pt != Some(pt)
    }

    /// Notes what packets of a payload type are.
    pub(crate) fn arrives_as(&mut self, pt: Pt, codec: Codec, profile: Option<u32>) {
        (self.pt, self.codec, self.profile) = (Some(pt), codec, profile);
        self.describe();
    }

    /// Has a payload type chosen anew for each subscriber, with its next packet.
    pub(super) fn choose_types_anew(&self, participants: &mut BTreeMap<ParticipantId, Participant>) {
        for subscriber in &self.subscribers {
            if let Some(subscription) = participants.get_mut(subscriber).and_then(|p| p.subscriptions.get_mut(&self.id)) {
                subscription.pt = None;
            }
        }
    }

    /// Writes the codec into what clients are told.
    pub(crate) fn describe(&mut self) {
        let mime = Track::mime(self.codec);
        mime.clone_into(&mut self.info.mime_type);
        for codec in &mut self.info.codecs {
            mime.clone_into(&mut codec.mime_type);
        }
    }

    pub(crate) fn is_video(&self) -> bool {
        self.kind == MediaKind::Video
    }

    /// Index of the layer that a packet with this rid belongs to.
    pub(crate) fn layer_of(&self, rid: Option<Rid>) -> Option<usize> {
        match rid {
            None => (!self.layers.is_empty()).then_some(0),
            Some(_) => self.layers.iter().position(|layer| layer.rid == rid),
        }
    }

    /// The best layer that arrives and is not above `quality` nor needlessly larger than `size`; failing that, the lowest that
    /// arrives; failing that, the lowest.
    pub(crate) fn choose(&self, quality: VideoQuality, size: Option<(u32, u32)>, now: Instant) -> usize {
        let enough = |layer: &Layer| match size {
            // The smallest layer that fills the element, by its longer side, whichever way round either is.
            Some((width, height)) if layer.width > 0 => layer.width.max(layer.height) >= width.max(height),
            _ => false,
        };
        let cap = self.layers.iter().position(enough).unwrap_or(self.layers.len().saturating_sub(1));
        let lawful = |(index, layer): &(usize, &Layer)| *index <= cap && layer.quality <= quality;
        let mut flowing = self.layers.iter().enumerate().filter(|(_, layer)| layer.flows(now));
        let best = flowing.clone().filter(lawful).map(|(index, _)| index).next_back();
        best.or_else(|| flowing.next().map(|(index, _)| index)).unwrap_or(0)
    }
}

/// Layers of a track in rising quality. Official clients name them q, h, f; others get what their announcement says.
fn layers(info: &TrackInfo, rids: &[Rid]) -> Vec<Layer> {
    let announced = |quality: VideoQuality| info.layers.iter().find(|layer| layer.quality() == quality);
    if rids.is_empty() {
        let size = info.layers.iter().max_by_key(|layer| layer.width * layer.height);
        let whole = proto::VideoLayer { width: info.width, height: info.height, ..Default::default() };
        return vec![Layer::new(None, VideoQuality::High, size.or(Some(&whole)))];
    }
    let qualities = [VideoQuality::Low, VideoQuality::Medium, VideoQuality::High];
    let mut layers: Vec<Layer> = rids
        .iter()
        .take(qualities.len())
        .enumerate()
        .map(|(index, rid)| {
            let named = info.layers.iter().find(|layer| layer.rid == **rid).map(proto::VideoLayer::quality);
            let quality = named.unwrap_or(match &**rid {
                "q" => VideoQuality::Low,
                "h" => VideoQuality::Medium,
                "f" => VideoQuality::High,
                _ => qualities[index],
            });
            Layer::new(Some(*rid), quality, announced(quality))
        })
        .collect();
    layers.sort_by_key(|layer| layer.quality);
    layers
}

/// Bits a second over the last second or two.
#[derive(Debug, Default)]
pub(crate) struct RateMeter {
    since: Option<Instant>,
    bytes: usize,
    rate: u64,
}

impl RateMeter {
    pub(crate) fn add(&mut self, bytes: usize, now: Instant) {
        self.bytes += bytes;
        let since = *self.since.get_or_insert(now);
        let elapsed = now.saturating_duration_since(since);
        if elapsed >= Duration::from_secs(1) {
            self.rate = (self.bytes as u64 * 8 * 1000) / elapsed.as_millis().max(1) as u64;
            (self.since, self.bytes) = (Some(now), 0);
        }
    }

    pub(crate) fn bits_per_second(&self) -> u64 {
        self.rate
    }
}

/// How loud a sound track was, from the level in its packets.
#[derive(Debug, Default)]
pub(crate) struct LevelMeter {
    loud: u32,
    packets: u32,
    loudest: f32,
    /// Smoothed, 0 to 1.
    shown: f32,
}

impl LevelMeter {
    /// A packet at `dbov` (0 loudest, -127 silent).
    pub(crate) fn add(&mut self, dbov: i8) {
        // Quieter than this is a room, not a speaker; the real server's default.
        const SPEECH: i8 = -35;
        self.packets += 1;
        if dbov >= SPEECH {
            self.loud += 1;
            self.loudest = self.loudest.max(10f32.powf(f32::from(dbov) / 20.0));
        }
    }

    /// Level of the last call of [`LevelMeter::take`].
    pub(crate) fn shown(&self) -> f32 {
        self.shown
    }

    /// Level since the last call: 0 for silence. Speech must fill two fifths of the time to count.
    pub(crate) fn take(&mut self) -> f32 {
        let speaking = self.packets > 0 && self.loud * 5 >= self.packets * 2;
        let level = if speaking { self.loudest } else { 0.0 };
        self.shown = if level == 0.0 { 0.0 } else { self.shown.mul_add(0.5, level * 0.5) };
        (self.loud, self.packets, self.loudest) = (0, 0, 0.0);
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        Instant::now()
    }

    fn simulcast() -> Track {
        let layer = |quality: VideoQuality, width, height| proto::VideoLayer {
            quality: quality as i32,
            width,
            height,
            ..Default::default()
        };
        let info = TrackInfo {
            sid: "TR_x".into(),
            r#type: proto::TrackType::Video as i32,
            layers: vec![
                layer(VideoQuality::High, 1280, 720),
                layer(VideoQuality::Low, 320, 180),
                layer(VideoQuality::Medium, 640, 360),
            ],
            ..Default::default()
        };
        Track::new(TrackId(1), ParticipantId(1), "PA_x", info, "0".into(), &["f".into(), "q".into(), "h".into()])
    }

    #[test]
    fn the_layer_fits_the_wish_and_what_arrives() {
        let now = start();
        let mut track = simulcast();
        assert_eq!(track.choose(VideoQuality::High, None, now), 0, "nothing arrives yet: the lowest, it comes first");
        for layer in &mut track.layers {
            layer.arrived(100, false, now);
        }
        assert_eq!(track.choose(VideoQuality::High, None, now), 2);
        assert_eq!(track.choose(VideoQuality::Medium, None, now), 1);
        assert_eq!(track.choose(VideoQuality::High, Some((500, 300)), now), 1, "the smallest that fills the element");
        assert_eq!(track.choose(VideoQuality::High, Some((200, 300)), now), 0, "upright element");
        assert_eq!(track.choose(VideoQuality::High, Some((4000, 3000)), now), 2);
        let later = now + Duration::from_secs(3);
        track.layers[1].arrived(100, false, later);
        assert_eq!(track.choose(VideoQuality::Low, None, later), 1, "the low layer has been switched off");
    }

    #[test]
    fn a_key_frame_is_asked_for_at_most_twice_a_second_but_never_forgotten() {
        let now = start();
        let mut track = simulcast();
        let layer = &mut track.layers[0];
        layer.want_key();
        assert!(layer.key_due(now));
        layer.want_key();
        assert!(!layer.key_due(now + Duration::from_millis(100)));
        let later = now + KEY_FRAME_PAUSE;
        assert!(layer.key_due(later), "no key frame came: ask again");
        layer.arrived(1000, true, later);
        assert!(!layer.key_due(later + KEY_FRAME_PAUSE), "it came");
    }

    #[test]
    fn speech_is_told_from_noise() {
        let mut meter = LevelMeter::default();
        for _ in 0..20 {
            meter.add(-60);
        }
        assert_eq!(meter.take(), 0.0);
        for n in 0..20 {
            meter.add(if n % 2 == 0 { -20 } else { -90 });
        }
        assert!(meter.take() > 0.04);
        assert_eq!(meter.take(), 0.0, "nothing arrives any more");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let now = start();
        let mut meter = RateMeter::default();
        for n in 0..=100u64 {
            meter.add(1250, now + Duration::from_millis(10 * n));
        }
        let rate = meter.bits_per_second();
        assert!((990_000..1_020_000).contains(&rate), "{rate}");
    }
}
