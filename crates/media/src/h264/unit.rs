//! Access units: whether a buffer holds exactly one, whether a decoder can start at it, and what it lacks for that.

use annexb::{NalKind, nals, rbsp};

use super::bits::Bits;

/// What an access unit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitInfo {
    /// All slices are of an IDR picture: a decoder that has the parameter sets can start here.
    pub key: bool,
    /// It brings a sequence parameter set.
    pub has_sps: bool,
    /// It brings a picture parameter set.
    pub has_pps: bool,
    /// A slice is of type B.
    pub has_b_slice: bool,
    /// Slices of the picture.
    pub slices: u32,
}

/// Checks that `unit` holds one whole picture and tells what it is. The pixels are not looked at.
pub fn inspect(unit: &[u8]) -> Result<UnitInfo, &'static str> {
    let mut info = UnitInfo::default();
    let mut idr_slices = 0;
    for nal in nals(unit) {
        match NalKind::of(nal).ok_or("a NAL unit has its forbidden bit set")? {
            NalKind::Sps => info.has_sps = true,
            NalKind::Pps => info.has_pps = true,
            kind @ (NalKind::Slice | NalKind::Idr) => {
                // Partitions B and C carry no slice header of their own.
                if matches!(nal[0] & 0x1f, 3 | 4) {
                    continue;
                }
                let mut bits = Bits::new(rbsp(nal));
                let (first, slice_type) = bits.ue().zip(bits.ue()).ok_or("a slice ends in its header")?;
                if slice_type > 9 {
                    return Err("a slice has no known type");
                }
                if first == 0 && info.slices > 0 {
                    return Err("it holds two pictures");
                }
                if first != 0 && info.slices == 0 {
                    return Err("the first slice is missing");
                }
                info.slices += 1;
                idr_slices += u32::from(kind == NalKind::Idr);
                info.has_b_slice |= slice_type % 5 == 1;
            }
            NalKind::Sei | NalKind::Delimiter | NalKind::Other(_) => {}
        }
    }
    match (info.slices, idr_slices) {
        (0, _) => Err("it holds no picture"),
        (slices, idr) if idr != 0 && idr != slices => Err("it mixes slices of two pictures"),
        (_, idr) => Ok(UnitInfo { key: idr > 0, ..info }),
    }
}

/// Whether a decoder can start at `unit`, without checking the rest of it.
pub fn is_key(unit: &[u8]) -> bool {
    nals(unit)
        .filter(|nal| !matches!(nal[0] & 0x1f, 3 | 4))
        .filter_map(NalKind::of)
        .find(|kind| matches!(kind, NalKind::Slice | NalKind::Idr))
        .is_some_and(|kind| kind == NalKind::Idr)
}

/// The latest parameter sets of a stream, for the key frames that come without them: some cameras send them once.
#[derive(Clone, Debug, Default)]
pub struct ParameterSets {
    sps: Vec<u8>,
    pps: Vec<Vec<u8>>,
}

impl ParameterSets {
    /// Remembers the parameter sets of `unit`, of which `info` was told. Another sequence parameter set lets go of the
    /// picture parameter sets, since they belong to it. Returns whether the sequence parameter set is another one.
    pub fn remember(&mut self, unit: &[u8], info: &UnitInfo) -> bool {
        let mut changed = false;
        if !info.has_sps && !info.has_pps {
            return false;
        }
        for nal in nals(unit) {
            match NalKind::of(nal) {
                // They stand before the picture, which is long.
                Some(NalKind::Slice | NalKind::Idr) => break,
                // Real ones are below 100 bytes; what is longer is no reason to hold the memory.
                _ if nal.len() > MAX_SET => {}
                Some(NalKind::Sps) if self.sps != nal => {
                    self.sps = nal.to_vec();
                    self.pps.clear();
                    changed = true;
                }
                Some(NalKind::Pps) if !self.pps.iter().any(|known| known == nal) => {
                    let id = |nal: &[u8]| Bits::new(rbsp(nal)).ue();
                    self.pps.retain(|known| id(known) != id(nal));
                    if self.pps.len() < MAX_PPS {
                        self.pps.push(nal.to_vec());
                    }
                }
                _ => {}
            }
        }
        changed
    }

    /// The sequence parameter set, without a start code; empty before one came.
    pub fn sps(&self) -> &[u8] {
        &self.sps
    }

    /// Whether a key frame that lacks parameter sets could be helped.
    pub fn is_complete(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Appends `unit` to `out`; a key frame without parameter sets gets the latest ones, behind the delimiter.
    pub fn write(&self, unit: &[u8], info: &UnitInfo, out: &mut Vec<u8>) {
        if !info.key || (info.has_sps && info.has_pps) || !self.is_complete() {
            out.extend_from_slice(unit);
            return;
        }
        let after_delimiter = nals(unit)
            .with_offsets()
            .find(|(_, nal)| NalKind::of(nal) != Some(NalKind::Delimiter))
            .map_or(unit.len(), |(at, _)| at);
        let (before, after) = unit.split_at(after_delimiter);
        out.extend_from_slice(before);
        for nal in std::iter::once(&self.sps).chain(&self.pps) {
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(nal);
        }
        out.extend_from_slice(after);
    }
}

/// Longest parameter set that is kept, in bytes.
const MAX_SET: usize = 1024;
/// Picture parameter sets have numbers up to 255.
const MAX_PPS: usize = 256;
