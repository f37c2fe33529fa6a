//! Volume and mute: in the sound card's mixer where it has a knob for the microphone, else in software.

use alsa::Output;
use alsa::mixer::{Mixer, Selem, SelemChannelId};

/// What samples are multiplied by: nothing when muted. Loudness is heard on a logarithmic scale, so the volume counts by its square.
pub(super) fn factor(volume: u8, muted: bool) -> f32 {
    let share = f32::from(volume.min(100)) / 100.0;
    if muted { 0.0 } else { share * share }
}

/// A knob of the card's mixer.
#[derive(Debug)]
pub(super) struct Knob {
    mixer: Mixer,
    name: String,
}

impl Knob {
    /// The knob of the card whose mixer ALSA knows as `card`, if it has one for capture: one that is called after the microphone
    /// before others, and never a boost, which is an amplifier of a few coarse steps.
    pub(super) fn open(card: &str) -> Option<Self> {
        let _messages = Output::local_error_handler();
        let mixer = Mixer::new(card, true).ok()?;
        let names = mixer.iter().filter_map(Selem::new).filter(Selem::has_capture_volume);
        let mut names: Vec<String> = names.filter_map(|knob| Some(knob.get_id().get_name().ok()?.to_owned())).collect();
        names.retain(|name| !name.contains("Boost"));
        names.sort_by_key(|name| match name.as_str() {
            "Mic" => 0,
            name if name.contains("Mic") => 1,
            "Capture" => 2,
            _ => 3,
        });
        let name = names.into_iter().next()?;
        let knob = Self { mixer, name };
        knob.switch_on();
        Some(knob)
    }

    /// Many cards come up with their microphone switched off, which is heard as perfect silence. Who configured it wants to hear it.
    fn switch_on(&self) {
        let Some(knob) = self.find() else { return };
        if knob.has_capture_switch() && knob.get_capture_switch(SelemChannelId::mono()) == Ok(0) {
            let done = knob.set_capture_switch_all(1).is_ok();
            tracing::info!(control = self.name, done, "the microphone is switched on in the sound card's mixer");
        }
    }

    /// Where it stands, 0 to 100.
    pub(super) fn get(&self) -> Option<u8> {
        // What others did to it since is told by events.
        let _ = self.mixer.handle_events();
        let knob = self.find()?;
        let (min, max) = knob.get_capture_volume_range();
        let value = knob.get_capture_volume(SelemChannelId::mono()).ok()?;
        let percent = (value - min) * 100 + (max - min) / 2;
        u8::try_from(percent.checked_div(max - min)?.clamp(0, 100)).ok()
    }

    /// Turns it; false when it does not obey.
    pub(super) fn set(&self, volume: u8) -> bool {
        let Some(knob) = self.find() else { return false };
        let (min, max) = knob.get_capture_volume_range();
        knob.set_capture_volume_all(min + ((max - min) * i64::from(volume) + 50) / 100).is_ok()
    }

    fn find(&self) -> Option<Selem<'_>> {
        self.mixer.iter().filter_map(Selem::new).find(|knob| {
            let id = knob.get_id();
            id.get_index() == 0 && id.get_name().is_ok_and(|name| name == self.name)
        })
    }
}
