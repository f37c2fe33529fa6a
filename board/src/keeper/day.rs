//! Day or night, from how light it is: with a gap between the two thresholds and time to be sure, so that a passing cloud, a car's
//! lights or the filter's own effect on the picture do not throw it to and fro.

use std::time::Duration;

use crate::IrCut;

/// Who decides about the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DayMode {
    /// The light.
    #[default]
    Auto,
    /// Day was asked for: the filter is in.
    Day,
    /// Night was asked for: the filter is out, the lamp is lit.
    Night,
}

/// What the filter is told.
#[derive(Clone, Debug)]
pub(super) struct DayNight {
    below: f32,
    above: f32,
    hold: Duration,
    pub(super) mode: DayMode,
    pub(super) night: bool,
    /// Since when the light has said otherwise.
    otherwise: Option<Duration>,
    /// The light as last told.
    pub(super) light: Option<f32>,
}

impl DayNight {
    pub(super) fn new(spec: &IrCut) -> Self {
        Self {
            below: spec.night_below,
            above: spec.day_above,
            hold: Duration::from_secs(spec.hold_s.into()),
            mode: DayMode::Auto,
            night: false,
            otherwise: None,
            light: None,
        }
    }

    /// It is so light now. True when it has become day or night by that.
    pub(super) fn light(&mut self, light: f32, now: Duration) -> bool {
        self.light = Some(light);
        let says_otherwise = if self.night { light > self.above } else { light < self.below };
        if self.mode != DayMode::Auto || !says_otherwise {
            self.otherwise = None;
            return false;
        }
        let since = *self.otherwise.get_or_insert(now);
        if now.saturating_sub(since) < self.hold {
            return false;
        }
        self.otherwise = None;
        self.night = !self.night;
        true
    }

    /// Somebody else decides from now on. True when it has become day or night by that.
    pub(super) fn set(&mut self, mode: DayMode) -> bool {
        self.mode = mode;
        self.otherwise = None;
        let night = match mode {
            DayMode::Auto => self.night,
            DayMode::Day => false,
            DayMode::Night => true,
        };
        std::mem::replace(&mut self.night, night) != night
    }
}
