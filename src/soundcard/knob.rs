//! Volume and mute: in the sound card's mixer where it has a knob for the microphone or the speaker, else in software.

use alsa::Output;
use alsa::mixer::{Mixer, Selem, SelemChannelId};

use super::card::Way;

/// What samples are multiplied by: nothing when muted. Loudness is heard on a logarithmic scale, so the volume counts by its square.
pub fn factor(volume: u8, muted: bool) -> f32 {
    let share = f32::from(volume.min(100)) / 100.0;
    if muted { 0.0 } else { share * share }
}

/// A knob of the card's mixer.
#[derive(Debug)]
pub struct Knob {
    mixer: Mixer,
    name: String,
    way: Way,
}

impl Knob {
    /// The knob of the card whose mixer ALSA knows as `card`, if it has one for this way: one that is called after the microphone or the
    /// speaker before others, and never a boost, which is an amplifier of a few coarse steps.
    pub fn open(card: &str, way: Way) -> Option<Self> {
        let _messages = Output::local_error_handler();
        let mixer = Mixer::new(card, true).ok()?;
        let has_volume = |knob: &Selem<'_>| match way {
            Way::In => knob.has_capture_volume(),
            Way::Out => knob.has_playback_volume(),
        };
        let names = mixer.iter().filter_map(Selem::new).filter(has_volume);
        let mut names: Vec<String> = names.filter_map(|knob| Some(knob.get_id().get_name().ok()?.to_owned())).collect();
        names.retain(|name| !name.contains("Boost"));
        names.sort_by_key(|name| rank(name, way));
        // What plays the microphone back, or beeps, is no speaker's volume.
        let name = names.into_iter().next().filter(|name| way == Way::In || rank(name, way) < OTHERS)?;
        let knob = Self { mixer, name, way };
        knob.switch_on();
        Some(knob)
    }

    /// Many cards come up switched off, which is heard as perfect silence. Who configured it wants to hear it.
    fn switch_on(&self) {
        let Some(knob) = self.find() else { return };
        let off = match self.way {
            Way::In => knob.has_capture_switch() && knob.get_capture_switch(SelemChannelId::mono()) == Ok(0),
            Way::Out => knob.has_playback_switch() && knob.get_playback_switch(SelemChannelId::mono()) == Ok(0),
        };
        if off {
            let done = match self.way {
                Way::In => knob.set_capture_switch_all(1).is_ok(),
                Way::Out => knob.set_playback_switch_all(1).is_ok(),
            };
            tracing::info!(control = self.name, way = ?self.way, done, "switched on in the sound card's mixer");
        }
    }

    /// Where it stands, 0 to 100.
    pub fn get(&self) -> Option<u8> {
        // What others did to it since is told by events.
        let _ = self.mixer.handle_events();
        let knob = self.find()?;
        let ((min, max), value) = match self.way {
            Way::In => (knob.get_capture_volume_range(), knob.get_capture_volume(SelemChannelId::mono())),
            Way::Out => (knob.get_playback_volume_range(), knob.get_playback_volume(SelemChannelId::mono())),
        };
        let value = value.ok()?;
        let percent = (value - min) * 100 + (max - min) / 2;
        u8::try_from(percent.checked_div(max - min)?.clamp(0, 100)).ok()
    }

    /// Turns it; false when it does not obey.
    pub fn set(&self, volume: u8) -> bool {
        let Some(knob) = self.find() else { return false };
        let at = |(min, max): (i64, i64)| min + ((max - min) * i64::from(volume) + 50) / 100;
        match self.way {
            Way::In => knob.set_capture_volume_all(at(knob.get_capture_volume_range())).is_ok(),
            Way::Out => knob.set_playback_volume_all(at(knob.get_playback_volume_range())).is_ok(),
        }
    }

    fn find(&self) -> Option<Selem<'_>> {
        self.mixer.iter().filter_map(Selem::new).find(|knob| {
            let id = knob.get_id();
            id.get_index() == 0 && id.get_name().is_ok_and(|name| name == self.name)
        })
    }
}

/// Where [`rank`] puts what has no telling name.
const OTHERS: u8 = 5;

/// Which knob is meant before others.
fn rank(name: &str, way: Way) -> u8 {
    match (way, name) {
        (Way::In, "Mic") => 0,
        (Way::In, name) if name.contains("Mic") => 1,
        (Way::In, "Capture") => 2,
        (Way::Out, "Speaker") => 0,
        (Way::Out, name) if name.contains("Speaker") => 1,
        (Way::Out, "PCM" | "Digital") => 2,
        (Way::Out, "Headphone" | "Line Out" | "Playback") => 3,
        (Way::Out, "Master") => 4,
        _ => OTHERS,
    }
}
