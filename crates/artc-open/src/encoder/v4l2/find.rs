//! Which stateful encoders this machine has: found by what their nodes can do, never by name or number.

use std::io;
use std::path::{Path, PathBuf};

use media::Size;
use v4l2_node::{Node, Sizes, abilities, raw, text};

/// Entries of a driver's list that are read at most: broken drivers answer for ever.
const LIST: u32 = 64;

/// What an encoder makes of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coded {
    /// The kernel's four letters for it.
    pub fourcc: [u8; 4],
    /// It is H.264 as a byte stream, whose pictures and parameter sets are looked at. Else the driver's word is taken for what is a key
    /// frame, and a driver without a bitrate control will do.
    pub h264: bool,
}

impl Coded {
    /// What the engine sends.
    pub const H264: Self = Self { fourcc: *b"H264", h264: true };

    pub(super) fn code(self) -> u32 {
        u32::from_le_bytes(self.fourcc)
    }
}

/// How a driver wants pictures, in the order in which we would rather give them: the first is what hardware is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Y, then U and V by turns.
    Nv12,
    /// Y, U, V.
    I420,
}

/// Code, layout, and whether each plane has a buffer of its own.
pub(super) const RAW: [([u8; 4], Layout, bool); 4] = [
    (*b"NV12", Layout::Nv12, false),
    (*b"YU12", Layout::I420, false),
    (*b"NM12", Layout::Nv12, true),
    (*b"YM12", Layout::I420, true),
];

/// A stateful encoder of this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its node.
    pub node: PathBuf,
    /// What the device calls itself.
    pub card: String,
    /// The kernel's driver.
    pub driver: String,
    /// Smallest and largest picture, where the driver says so.
    pub sizes: Option<(Size, Size)>,
    /// Buffer types: pictures in, access units out.
    pub(super) kinds: [u32; 2],
    /// Index into [`RAW`].
    pub(super) format: usize,
}

/// The encoders of this machine for `coded`, in the order of their numbers. Nodes that we may not open are left out.
pub fn find(coded: Coded) -> Vec<Found> {
    let mut nodes: Vec<(u32, PathBuf)> = std::fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    nodes.sort();
    nodes.into_iter().filter_map(|(_, node)| inspect(&node, coded).ok().flatten()).collect()
}

/// What the device behind `node` is, when it is an encoder for `coded` that takes pictures as we have them.
pub fn inspect(node: &Path, coded: Coded) -> io::Result<Option<Found>> {
    let device = Node::open(node)?;
    let capability = device.capability()?;
    let can = abilities(&capability);
    let kinds = if can & raw::V4L2_CAP_VIDEO_M2M_MPLANE != 0 {
        [raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE, raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE]
    } else if can & raw::V4L2_CAP_VIDEO_M2M != 0 {
        [raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT, raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE]
    } else {
        return Ok(None);
    };
    if can & raw::V4L2_CAP_STREAMING == 0 || !formats(&device, kinds[1])?.contains(&coded.code()) {
        return Ok(None);
    }
    let takes = formats(&device, kinds[0])?;
    let Some(format) = RAW.iter().position(|(code, ..)| takes.contains(&u32::from_le_bytes(*code))) else { return Ok(None) };
    let sizes = device.frame_size_at(coded.code(), 0).ok().flatten().map(|Sizes { min, max, .. }| {
        let size = |[width, height]: [u32; 2]| Size::new(width, height);
        (size(min), size(max))
    });
    let (card, driver) = (text(&capability.card), text(&capability.driver));
    Ok(Some(Found { node: node.to_owned(), card, driver, sizes, kinds, format }))
}

fn formats(device: &Node, kind: u32) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for index in 0..LIST {
        let Some(format) = device.format_at(kind, index)? else { break };
        found.push(format.pixelformat);
    }
    Ok(found)
}

impl Found {
    /// Whether pictures of `size` are within what the driver says that it takes.
    pub fn takes(&self, size: Size) -> bool {
        self.sizes.is_none_or(|(min, max)| {
            (min.width..=max.width).contains(&size.width) && (min.height..=max.height).contains(&size.height)
        })
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.node.display(), self.card, self.driver)
    }
}
