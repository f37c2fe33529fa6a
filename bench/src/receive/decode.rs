//! The baseline of receiving: the engine's decoder alone, on the access units that came, at their pace.

use std::path::PathBuf;
use std::time::Duration;

use artc_open::video::{Decoder, PictureCodec};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::steer::{now, over, poll, say, sleep_until};

#[derive(Args)]
pub struct Decode {
    /// What `listen --watch --save` has kept
    units: PathBuf,
    /// Pictures a second
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
}

impl Decode {
    pub fn run(self) -> Result<(), Failure> {
        let bytes = std::fs::read(&self.units)?;
        let (mut units, mut rest) = (Vec::new(), &bytes[..]);
        while let Some((length, more)) = rest.split_first_chunk::<4>() {
            let Some((unit, behind)) = more.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
            units.push(unit);
            rest = behind;
        }
        let first = units.iter().position(|unit| PictureCodec::H264.is_key(unit)).ok_or("no key frame to begin with")?;
        let units = &units[first..];
        let mut decoder = Decoder::new(PictureCodec::H264)?;
        let (start, mut out, mut pictures) = (now(), Vec::new(), 0u64);
        say(&json!({ "event": "streaming", "units": units.len() }));
        for n in 0u64.. {
            sleep_until(start + Duration::from_secs_f64(n as f64 / self.fps));
            out.clear();
            pictures += u64::from(decoder.decode(units[n as usize % units.len()], &mut out)?.is_some());
            if over(poll(), || json!({ "pictures": pictures })) {
                break;
            }
        }
        say(&json!({ "event": "end" }));
        Ok(())
    }
}
