//! Access units of a camera that encodes by itself: checked, completed with parameter sets, and otherwise left alone.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{SampleBytes, VideoDataSample};
use media::Size;

use crate::encoder::{AccessUnit, UnitPool};

const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

/// Longest parameter set that is kept; real ones are below 100 bytes.
const MAX_SET: usize = 1024;

/// What became of an access unit.
#[derive(Debug)]
pub enum Passed {
    /// It can be sent.
    Unit(AccessUnit),
    /// It refers to pictures that were lost, or came before the first key frame.
    WaitsForKey,
    /// It is no access unit.
    Broken(&'static str),
}

/// Follows a camera's stream.
#[derive(Default)]
pub struct Passthrough {
    sps: Vec<u8>,
    pps: Vec<u8>,
    in_step: bool,
}

/// What is in an access unit.
#[derive(Default)]
struct Contents {
    units: usize,
    slices: bool,
    idr: bool,
    sps: bool,
    pps: bool,
}

impl Passthrough {
    /// Pictures were lost: nothing can be decoded before the next key frame.
    pub fn lost(&mut self) {
        self.in_step = false;
    }

    /// Takes the camera's next access unit.
    pub fn take(&mut self, sample: &VideoDataSample, captured_at: Duration, pool: &mut UnitPool) -> Passed {
        let bytes = sample.bytes();
        let mut contents = Contents::default();
        for unit in rtc::h264::nal_units(bytes) {
            contents.units += 1;
            match unit[0] & 0x1f {
                _ if unit[0] & 0x80 != 0 => return Passed::Broken("forbidden bit is set"),
                SPS if unit.len() <= MAX_SET => {
                    contents.sps = true;
                    keep(&mut self.sps, unit);
                }
                PPS if unit.len() <= MAX_SET => {
                    contents.pps = true;
                    keep(&mut self.pps, unit);
                }
                IDR => (contents.slices, contents.idr) = (true, true),
                1..=4 => contents.slices = true,
                _ => {}
            }
        }
        if contents.units == 0 {
            return Passed::Broken("no start code");
        }
        if !contents.slices {
            // Parameter sets on their own were kept; they travel with the next key frame.
            return Passed::Broken("no picture in it");
        }
        let complete = contents.sps && contents.pps;
        if contents.idr {
            self.in_step = complete || !(self.sps.is_empty() || self.pps.is_empty());
        }
        if !self.in_step {
            return Passed::WaitsForKey;
        }
        let data = if contents.idr && !complete {
            self.with_parameter_sets(bytes, pool)
        } else if bytes.len() == (*sample.data).as_ref().len() {
            Arc::clone(&sample.data)
        } else {
            copy(&[bytes], pool)
        };
        Passed::Unit(AccessUnit {
            data,
            key: contents.idr,
            size: Size::new(sample.width, sample.height),
            captured_at,
            encode_time: Duration::ZERO,
        })
    }

    fn with_parameter_sets(&self, bytes: &[u8], pool: &mut UnitPool) -> SampleBytes {
        const START: &[u8] = &[0, 0, 0, 1];
        copy(&[START, &self.sps, START, &self.pps, bytes], pool)
    }
}

/// The profile-level-id that the SPS of an access unit says; `None` without SPS.
pub fn profile_level_id(access_unit: &[u8]) -> Option<u32> {
    let sps = rtc::h264::nal_units(access_unit).take(8).find(|unit| unit[0] & 0x1f == SPS)?;
    match sps {
        [_, profile, constraints, level, ..] => Some(u32::from_be_bytes([0, *profile, *constraints, *level])),
        _ => None,
    }
}

fn keep(set: &mut Vec<u8>, unit: &[u8]) {
    if set != unit {
        set.clear();
        set.extend_from_slice(unit);
    }
}

fn copy(parts: &[&[u8]], pool: &mut UnitPool) -> SampleBytes {
    let filled = pool.fill(|out| {
        parts.iter().for_each(|part| out.extend_from_slice(part));
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok((data, ())) = filled;
    data
}
