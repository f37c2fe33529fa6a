//! The built-in pattern's pictures in a file, for whoever else is to show the same. Their barcodes are to be drawn over.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use media::Size;
use media::draw::Canvas;
use media::pattern::{Look, draw_background, draw_moving};

use crate::Failure;

#[derive(Args)]
pub struct Pattern {
    /// File of I420 pictures, one after the other
    out: PathBuf,
    /// Width in pixels
    #[arg(long, default_value_t = 1280)]
    width: u32,
    /// Height in pixels
    #[arg(long, default_value_t = 720)]
    height: u32,
    /// Pictures a second
    #[arg(long, default_value_t = 29.7)]
    fps: f64,
}

impl Pattern {
    pub fn run(self) -> Result<(), Failure> {
        let size = Size::new(self.width, self.height);
        let mut bytes = vec![0; size.i420_len()];
        let mut out = std::io::BufWriter::new(std::fs::File::create(self.out)?);
        let look = Look::default();
        // One sweep of the block: then it begins anew.
        for n in 0..(look.sweep.as_secs_f64() * self.fps) as u32 {
            let mut canvas = Canvas::new(size, &mut bytes).ok_or("no such size")?;
            draw_background(&mut canvas);
            draw_moving(&mut canvas, n, Duration::from_secs_f64(f64::from(n) / self.fps), &look);
            out.write_all(&bytes)?;
        }
        out.flush()?;
        Ok(())
    }
}
