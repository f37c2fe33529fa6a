//! Access units of a camera that encodes by itself: checked, completed with parameter sets, and otherwise left alone.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{SampleBytes, VideoDataSample};
use media::Size;
use media::h264::{NalKind, ParameterSets, UnitInfo, inspect, nals};

use crate::encoder::{AccessUnit, UnitPool};

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
    sets: ParameterSets,
    in_step: bool,
}

impl Passthrough {
    /// Pictures were lost: nothing can be decoded before the next key frame.
    pub fn lost(&mut self) {
        self.in_step = false;
    }

    /// Takes the camera's next access unit.
    pub fn take(&mut self, sample: &VideoDataSample, captured_at: Duration, pool: &mut UnitPool) -> Passed {
        let bytes = sample.bytes();
        let info = match inspect(bytes) {
            Ok(info) => info,
            Err(why) => {
                self.keep_sets_alone(bytes);
                return Passed::Broken(why);
            }
        };
        self.sets.remember(bytes, &info);
        let complete = info.has_sps && info.has_pps;
        if info.key {
            self.in_step = complete || self.sets.is_complete();
        }
        if !self.in_step {
            return Passed::WaitsForKey;
        }
        let data = if info.key && !complete {
            copy(pool, |out| self.sets.write(bytes, &info, out))
        } else if bytes.len() == (*sample.data).as_ref().len() {
            Arc::clone(&sample.data)
        } else {
            copy(pool, |out| out.extend_from_slice(bytes))
        };
        Passed::Unit(AccessUnit {
            data,
            key: info.key,
            size: Size::new(sample.width, sample.height),
            captured_at,
            encode_time: Duration::ZERO,
        })
    }

    /// Parameter sets that come without a picture travel with the next key frame.
    fn keep_sets_alone(&mut self, bytes: &[u8]) {
        let picture = |nal: &[u8]| matches!(NalKind::of(nal), None | Some(NalKind::Slice | NalKind::Idr));
        if !nals(bytes).any(picture) {
            self.sets.remember(bytes, &UnitInfo { has_sps: true, has_pps: true, ..UnitInfo::default() });
        }
    }
}

fn copy(pool: &mut UnitPool, write: impl FnOnce(&mut Vec<u8>)) -> SampleBytes {
    let filled = pool.fill(|out| {
        write(out);
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok((data, ())) = filled;
    data
}
