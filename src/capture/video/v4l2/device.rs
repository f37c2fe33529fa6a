//! An open camera: what it is, what it offers, whether it sees a signal.

use std::fs::metadata;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use media::Size;
use v4l2_node::{Node, Sizes, abilities, raw, text};

use super::OpenError;
use crate::capture::video::mode::{FourCc, Mode, Rate};

/// Sizes that are tried on cameras that name a range instead of a list.
const USUAL_SIZES: [Size; 10] = [
    Size::new(3840, 2160),
    Size::new(2560, 1440),
    Size::new(1920, 1080),
    Size::new(1280, 720),
    Size::new(1024, 576),
    Size::new(800, 600),
    Size::new(640, 480),
    Size::new(640, 360),
    Size::new(320, 240),
    Size::new(320, 180),
];
/// Rates that are tried where a range of them is named.
const USUAL_RATES: [Rate; 7] =
    [Rate::new(60, 1), Rate::new(50, 1), Rate::new(30, 1), Rate::new(25, 1), Rate::new(15, 1), Rate::new(10, 1), Rate::new(5, 1)];
/// Entries of a driver's list that are read at most: broken drivers answer for ever.
const LIST: u32 = 512;

/// Whether the input sees a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture::video) enum Signal {
    /// It does, or cannot tell.
    Present,
    /// It says that it does not.
    Absent,
}

/// What a camera offers.
#[derive(Clone, Debug, Default)]
pub(in crate::capture::video) struct Offers {
    /// What it can deliver in the formats that we take.
    pub modes: Vec<Mode>,
    /// All its formats.
    pub formats: Vec<FourCc>,
}

/// An open camera.
#[derive(Debug)]
pub(in crate::capture::video) struct Device {
    pub(super) node: Node,
    pub(super) path: PathBuf,
    /// The buffer type: single- or multi-planar.
    pub(super) kind: u32,
    pub(super) card: String,
    pub(super) bus: String,
    pub(super) driver: String,
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.node.as_fd()
    }
}

impl Device {
    /// Opens `path` and checks that pictures can be captured from it.
    pub(in crate::capture::video) fn open(path: &Path) -> Result<Self, OpenError> {
        let not_a_camera = |why| OpenError::NotACamera { path: path.to_owned(), why };
        let kind = metadata(path).map_err(|e| OpenError::new(path, "look at", e))?.file_type();
        if !kind.is_char_device() {
            return Err(not_a_camera("not a device node"));
        }
        let node = Node::open(path).map_err(|e| OpenError::new(path, "open", e))?;
        let capability = node.capability().map_err(|e| match e.raw_os_error() {
            Some(libc::ENODEV | libc::ENXIO) => OpenError::new(path, "ask for its abilities", e),
            _ => not_a_camera("not a V4L2 device"),
        })?;
        let can = abilities(&capability);
        let has = |flag| can & flag != 0;
        let kind = if has(raw::V4L2_CAP_VIDEO_M2M | raw::V4L2_CAP_VIDEO_M2M_MPLANE) {
            return Err(not_a_camera("a codec (memory to memory)"));
        } else if has(raw::V4L2_CAP_VIDEO_CAPTURE_MPLANE) {
            raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
        } else if has(raw::V4L2_CAP_VIDEO_CAPTURE) {
            raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE
        } else {
            return Err(not_a_camera("a V4L2 device that captures no pictures"));
        };
        if !has(raw::V4L2_CAP_STREAMING) {
            return Err(not_a_camera("its driver cannot stream"));
        }
        let (card, bus, driver) = (text(&capability.card), text(&capability.bus_info), text(&capability.driver));
        Ok(Self { node, path: path.to_owned(), kind, card, bus, driver })
    }

    /// Card, bus and driver by their names.
    pub(in crate::capture::video) fn names(&self) -> (&str, &str, &str) {
        (&self.card, &self.bus, &self.driver)
    }

    /// What it offers: modes in the formats that we take, and the codes of all its formats. Where the driver names a range
    /// of sizes or rates, the usual ones in it and the wanted one are listed.
    pub(in crate::capture::video) fn offers(&self, wanted: Size, rate: Rate) -> Result<Offers, OpenError> {
        let failed = |step| move |e| OpenError::new(&self.path, step, e);
        let (mut modes, mut formats) = (Vec::new(), Vec::new());
        for index in 0..LIST {
            let Some(format) = self.node.format_at(self.kind, index).map_err(failed("list its formats"))? else { break };
            let fourcc = FourCc::from_u32(format.pixelformat);
            formats.push(fourcc);
            if fourcc.pixel_format().is_none() || format.flags & raw::V4L2_FMT_FLAG_EMULATED != 0 {
                continue;
            }
            for size in self.sizes(fourcc, wanted).map_err(failed("list its sizes"))? {
                for fps in self.rates(fourcc, size, rate).map_err(failed("list its frame rates"))? {
                    let mode = Mode { fourcc, size, fps };
                    if !modes.contains(&mode) {
                        modes.push(mode);
                    }
                }
            }
        }
        Ok(Offers { modes, formats })
    }

    fn sizes(&self, fourcc: FourCc, wanted: Size) -> io::Result<Vec<Size>> {
        let mut sizes = Vec::new();
        for index in 0..LIST {
            let Some(range) = self.node.frame_size_at(fourcc.to_u32(), index)? else { break };
            let ends = [range.max, range.min].map(|[width, height]| Size::new(width, height));
            if range.min == range.max {
                sizes.push(ends[0]);
                continue;
            }
            sizes.extend([wanted].into_iter().chain(USUAL_SIZES).chain(ends).filter(|size| contains(&range, *size)));
            break;
        }
        if sizes.is_empty() {
            // Drivers of capture cards list none: what is set is what there is.
            let [width, height] = self.node.format(self.kind)?.size;
            sizes.push(Size::new(width, height));
        }
        sizes.dedup();
        Ok(sizes)
    }

    fn rates(&self, fourcc: FourCc, size: Size, wanted: Rate) -> io::Result<Vec<Rate>> {
        let mut rates = Vec::new();
        let rate = |(numerator, denominator)| Rate::new(denominator, numerator);
        for index in 0..LIST {
            let Some([shortest, longest]) = self.node.frame_interval_at(fourcc.to_u32(), [size.width, size.height], index)?
            else {
                break;
            };
            let (fastest, slowest) = (rate(shortest), rate(longest));
            if shortest == longest {
                rates.push(fastest);
                continue;
            }
            let inside = |rate: &Rate| (slowest..=fastest).contains(rate);
            rates.extend([wanted].into_iter().chain(USUAL_RATES).filter(inside).chain([fastest]));
            break;
        }
        if rates.is_empty() {
            rates.push(self.node.interval(self.kind).ok().flatten().map_or(wanted, rate));
        }
        rates.dedup();
        Ok(rates)
    }

    /// Whether the input sees a picture.
    pub(in crate::capture::video) fn signal(&self) -> io::Result<Signal> {
        let lost = raw::V4L2_IN_ST_NO_POWER
            | raw::V4L2_IN_ST_NO_SIGNAL
            | raw::V4L2_IN_ST_NO_H_LOCK
            | raw::V4L2_IN_ST_NO_V_LOCK
            | raw::V4L2_IN_ST_NO_SYNC
            | raw::V4L2_IN_ST_NO_CARRIER;
        let status = self.node.input_status()?.unwrap_or(0);
        Ok(if status & lost == 0 { Signal::Present } else { Signal::Absent })
    }

    /// Whether the device is not there any more, though its descriptor is still open.
    pub(in crate::capture::video) fn is_gone(&self) -> bool {
        self.node.capability().is_err()
    }

    /// After the source changed: takes over the timings that the input sees now, where it is one that has timings.
    pub(in crate::capture::video) fn adopt_source(&self) {
        // Inputs without timings answer ENOTTY or ENODATA, and one without a signal ENOLINK: nothing to adopt.
        let _ = self.node.adopt_timings();
    }
}

fn contains(range: &Sizes, size: Size) -> bool {
    [(size.width, 0), (size.height, 1)].into_iter().all(|(side, axis)| {
        (range.min[axis]..=range.max[axis]).contains(&side) && (side - range.min[axis]).is_multiple_of(range.step[axis])
    })
}
