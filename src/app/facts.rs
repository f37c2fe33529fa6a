//! The facts in the words of the command plane: what capture and engine say of themselves, as `wire` types. Only translation.

use std::time::Duration;

use artc_bindings::{AudioQualityMode, AudioSceneMode};
use media::{PcmBlock, PcmFormat};
use wire::audio::{Quality, Scene};
use wire::camera::{ControlValue, MenuItem};
use wire::device::{Source, SourceState, Speaker, SpeakerState};

use crate::capture::{audio, video};
use crate::playout;

/// A camera as `device.status` shows it.
pub fn camera_status(state: &video::State) -> Source {
    use video::Phase;
    let (source, why) = match &state.phase {
        Phase::Starting => (SourceState::Resting, true),
        Phase::Live => (SourceState::Live, false),
        Phase::NoSignal => (SourceState::NoSignal, true),
        Phase::Lost(video::Loss::Timeout) => (SourceState::NoSignal, true),
        Phase::Lost(_) => (SourceState::Lost, true),
        Phase::Pattern => (SourceState::BuiltIn, true),
        Phase::Private => (SourceState::Private, true),
        Phase::Closed => (SourceState::Resting, true),
    };
    Source {
        name: state.camera.as_ref().map_or_else(|| "pattern".to_owned(), |camera| camera.card.clone()),
        state: source,
        reason: why.then(|| state.detail.clone()),
        grabbed: state.counters.grabbed,
        broken: state.counters.broken,
        dropped: state.counters.dropped,
        pushed: state.counters.pushed,
        recovered: state.recoveries,
    }
}

/// The modes of a camera, rates of one format and size together, highest first.
pub fn modes(modes: &[video::Mode], current: Option<video::Mode>) -> wire::camera::Modes {
    let one = |mode: &video::Mode| wire::camera::Mode {
        format: mode.fourcc.to_string(),
        width: mode.size.width,
        height: mode.size.height,
        fps: vec![mode.fps.fps() as f32],
    };
    let mut grouped: Vec<wire::camera::Mode> = Vec::new();
    for mode in modes {
        let mode = one(mode);
        let same = |other: &&mut wire::camera::Mode| {
            (&other.format, other.width, other.height) == (&mode.format, mode.width, mode.height)
        };
        match grouped.iter_mut().find(same) {
            Some(group) => group.fps.extend(mode.fps),
            None => grouped.push(mode),
        }
    }
    for mode in &mut grouped {
        mode.fps.sort_by(|a, b| b.total_cmp(a));
        mode.fps.dedup();
    }
    wire::camera::Modes { modes: grouped, current: current.as_ref().map(one) }
}

/// A camera's control as `camera.controls` shows it.
pub fn control(control: &video::Control) -> wire::camera::Control {
    use video::ControlKind as From;
    use wire::camera::ControlKind as To;
    let (kind, min, max, step, menu) = match &control.kind {
        From::Integer { min, max, step } => (To::Integer, *min, *max, u64::try_from(*step).unwrap_or(1), Vec::new()),
        From::Switch => (To::Boolean, 0, 1, 1, Vec::new()),
        From::Menu { entries } => {
            let menu: Vec<_> = entries.iter().map(|entry| MenuItem { value: entry.index, label: entry.label.clone() }).collect();
            let values = || menu.iter().map(|item| item.value);
            (To::Menu, values().min().unwrap_or_default(), values().max().unwrap_or_default(), 1, menu)
        }
        From::Button => (To::Button, 0, 0, 1, Vec::new()),
        From::Bitmask { mask } => (To::Bitmask, 0, *mask, 1, Vec::new()),
    };
    let value = |value: i64| match kind {
        To::Button => None,
        To::Boolean => Some(ControlValue::Flag(value != 0)),
        _ => Some(ControlValue::Number(value)),
    };
    wire::camera::Control {
        id: control.id,
        name: control.name.clone(),
        label: control.label.clone(),
        kind,
        value: value(control.value),
        default: value(control.default),
        min,
        max,
        step,
        menu,
        read_only: control.read_only,
        inactive: control.inactive,
    }
}

/// A microphone as `device.status` shows it.
pub fn microphone_status(state: &audio::State) -> Source {
    use audio::Phase;
    let source = match state.phase {
        Phase::Starting => SourceState::Resting,
        Phase::Live => SourceState::Live,
        Phase::Lost(_) => SourceState::Lost,
        Phase::Tone => SourceState::BuiltIn,
        Phase::Private => SourceState::Private,
        Phase::Off => SourceState::Off,
    };
    Source {
        name: microphone_name(state),
        state: source,
        reason: (state.phase != Phase::Live).then(|| state.detail.clone()),
        grabbed: state.counters.grabbed,
        broken: 0,
        dropped: state.counters.dropped,
        pushed: state.counters.pushed,
        recovered: state.recoveries + state.overruns,
    }
}

/// A speaker as `device.status` shows it; nothing where it is switched off.
pub fn speaker_status(state: &playout::State) -> Option<Speaker> {
    use playout::Phase;
    let phase = match state.phase {
        Phase::Off => return None,
        Phase::Starting => SpeakerState::Starting,
        Phase::Ready => SpeakerState::Ready,
        Phase::Playing => SpeakerState::Playing,
        Phase::Lost(_) => SpeakerState::Lost,
    };
    let lost = phase == SpeakerState::Lost;
    Some(Speaker {
        name: state.device.as_ref().map_or_else(|| "speaker".to_owned(), |device| device.name.clone()),
        state: phase,
        reason: lost.then(|| state.detail.clone()),
        taken: state.counters.taken,
        played: state.counters.played,
        sounding: state.counters.sounding,
        dropped: state.counters.dropped,
        recovered: state.recoveries + state.underruns,
        delay_ms: state.delay.map(|delay| delay.as_secs_f32() * 1000.0),
        drift_ppm: state.drift_ppm as f32,
    })
}

/// A speaker as `audio.get` shows it.
pub fn speaker_sound(state: &playout::State) -> Option<wire::audio::Speaker> {
    let playout::State { volume, muted, mixer, .. } = *state;
    (state.phase != playout::Phase::Off).then_some(wire::audio::Speaker { volume, muted, mixer })
}

/// What is done to the microphone's sound, as `audio.get` shows it.
pub fn voice(voice: &voice::Duplex) -> wire::audio::Voice {
    let voice::Settings { echo, noise, gain, half } = voice.settings();
    let voice::Stats { echo_return_loss_db, echo_return_loss_enhancement_db, .. } = voice.stats();
    wire::audio::Voice { echo, noise, gain, half_duplex: half, echo_return_loss_db, echo_return_loss_enhancement_db }
}

/// The echo as metrics. What is not known, not yet or not any more, is not a number.
pub fn tell_of_voice(stats: voice::Stats) {
    let number = |db: Option<f32>| db.map_or(f64::NAN, f64::from);
    metrics::gauge!("artc_voice_echo_return_loss_db").set(number(stats.echo_return_loss_db));
    metrics::gauge!("artc_voice_echo_return_loss_enhancement_db").set(number(stats.echo_return_loss_enhancement_db));
}

/// Hands on what the engine heard in blocks of 10 ms; what is left of it is less than that, and lost.
pub fn heard(frame: &artc_bindings::AudioPcmFrame, at: Duration, play: impl FnMut(PcmBlock)) {
    let format = PcmFormat { rate: frame.sample_rates, channels: frame.channels };
    let each = format.samples_per_10ms();
    if !(1..=PcmBlock::MAX_SAMPLES).contains(&each) || format.channels > 2 {
        return;
    }
    let block = |samples: &[i16]| {
        let mut block = PcmBlock::silence(format, at);
        block.samples_mut().copy_from_slice(samples);
        block
    };
    frame.pcm.chunks_exact(each).map(block).for_each(play);
}

/// The embedded room as `device.status` shows it; the device itself is in it when it is `joined`, and no viewer.
pub fn room_status(stats: room::Stats, joined: bool) -> wire::device::Room {
    let traffic = |room::Traffic { packets, bytes }| wire::device::Traffic { packets, bytes };
    wire::device::Room {
        viewers: stats.participants.saturating_sub(u64::from(joined)),
        tracks: stats.tracks,
        sent: traffic(stats.sent),
        received: traffic(stats.received),
        dropped: stats.dropped,
        strangers: stats.strangers,
        refused: stats.refused,
    }
}

/// A profile in the engine's words.
pub fn profile(quality: Quality, scene: Scene) -> (AudioQualityMode, AudioSceneMode) {
    let quality = QUALITIES.iter().find(|(wire, _)| *wire == quality).map_or(AudioQualityMode::BasicQuality, |(_, mode)| *mode);
    let scene = SCENES.iter().find(|(wire, _)| *wire == scene).map_or(AudioSceneMode::Default, |(_, mode)| *mode);
    (quality, scene)
}

/// The engine's quality as `audio.get` shows it.
pub fn quality(mode: AudioQualityMode) -> Quality {
    QUALITIES.iter().find(|(_, engine)| *engine == mode).map(|(wire, _)| *wire).unwrap_or_default()
}

/// The engine's scene as `audio.get` shows it.
pub fn scene(mode: AudioSceneMode) -> Scene {
    SCENES.iter().find(|(_, engine)| *engine == mode).map(|(wire, _)| *wire).unwrap_or_default()
}

const QUALITIES: [(Quality, AudioQualityMode); 6] = [
    (Quality::Low, AudioQualityMode::LowQuality),
    (Quality::Basic, AudioQualityMode::BasicQuality),
    (Quality::High, AudioQualityMode::HighQuality),
    (Quality::StereoHigh, AudioQualityMode::StereoHighQuality),
    (Quality::SuperHigh, AudioQualityMode::SuperHighQuality),
    (Quality::StereoSuperHigh, AudioQualityMode::StereoSuperHighQuality),
];

const SCENES: [(Scene, AudioSceneMode); 6] = [
    (Scene::Default, AudioSceneMode::Default),
    (Scene::Education, AudioSceneMode::Education),
    (Scene::Media, AudioSceneMode::Media),
    (Scene::Music, AudioSceneMode::Music),
    (Scene::Chatroom, AudioSceneMode::Chatroom),
    (Scene::Ktv, AudioSceneMode::Ktv),
];

/// What people call a microphone.
pub fn microphone_name(state: &audio::State) -> String {
    match (&state.device, state.phase) {
        (_, audio::Phase::Tone) => "tone".into(),
        (Some(device), _) => device.name.clone(),
        (None, audio::Phase::Off) => "none".into(),
        (None, _) => "microphone".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use media::Size;

    use super::*;
    use crate::capture::video::{FourCc, Mode, Rate};

    #[test]
    fn each_profile_has_its_word() {
        assert_eq!((QUALITIES.len(), SCENES.len()), (AudioQualityMode::ALL.len(), AudioSceneMode::ALL.len()));
        for (wire, mode) in QUALITIES {
            assert_eq!((profile(wire, Scene::Music), quality(mode)), ((mode, AudioSceneMode::Music), wire));
        }
        for (wire, mode) in SCENES {
            assert_eq!((profile(Quality::High, wire), scene(mode)), ((AudioQualityMode::HighQuality, mode), wire));
        }
    }

    #[test]
    fn rates_of_one_size_stand_together_highest_first() {
        let mode =
            |code: &[u8; 4], width, fps| Mode { fourcc: FourCc(*code), size: Size::new(width, 480), fps: Rate::new(fps, 1) };
        let all = [mode(b"YUYV", 640, 15), mode(b"MJPG", 640, 30), mode(b"YUYV", 640, 30), mode(b"YUYV", 320, 30)];
        let shown = modes(&all, Some(all[1]));
        let lines: Vec<_> = shown.modes.iter().map(|m| (m.format.as_str(), m.width, m.fps.clone())).collect();
        assert_eq!(lines, [("YUYV", 640, vec![30.0, 15.0]), ("MJPG", 640, vec![30.0]), ("YUYV", 320, vec![30.0])]);
        assert_eq!(shown.current.map(|m| m.format), Some("MJPG".into()));
    }

    #[test]
    fn what_was_measured_of_an_echo_is_not_told_any_more_when_it_is_left_in() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let told = |stats: voice::Stats| {
            metrics::with_local_recorder(&recorder, || tell_of_voice(stats));
            let text = recorder.handle().render();
            text.lines().filter(|line| line.starts_with("artc_voice_echo")).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let lines = |loss: &str, enhancement: &str| {
            let names = [("", loss), ("_enhancement", enhancement)];
            names.map(|(name, value)| format!("artc_voice_echo_return_loss{name}_db {value}")).into()
        };
        let known = voice::Stats { echo_return_loss_db: Some(6.0), echo_return_loss_enhancement_db: Some(30.0), held: false };
        assert_eq!(told(known), lines("6", "30"));
        assert_eq!(told(voice::Stats::default()), lines("NaN", "NaN"));
    }
}
