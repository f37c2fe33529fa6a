//! Profiles of H.264: what a stream's SPS says, and which `profile-level-id` of an SDP means the same.

use annexb::{NalKind, nals};

/// The profile-level-id that the SPS of an access unit says; `None` without SPS. Looks at its first NAL units only: that is where
/// parameter sets stand.
pub fn profile_level_id(access_unit: &[u8]) -> Option<u32> {
    let sps = nals(access_unit).take(8).find(|nal| NalKind::of(nal) == Some(NalKind::Sps))?;
    match sps {
        [_, profile, constraints, level, ..] => Some(u32::from_be_bytes([0, *profile, *constraints, *level])),
        _ => None,
    }
}

/// Whether two profile-level-ids are of one profile, which several patterns of constraint flags may say (RFC 6184, table 5). Levels
/// may differ.
pub fn same_profile(one: u32, other: u32) -> bool {
    profile(one) == profile(other)
}

/// A profile as profile_idc and the constraint flags that tell it from others with the same number.
fn profile(id: u32) -> (u8, u8) {
    let [_, idc, flags, _] = id.to_be_bytes();
    match (idc, flags) {
        // Constrained baseline, said from three sides.
        (0x42, f) if f & 0x4f == 0x40 => (0x42, 0x40),
        (0x4d, f) if f & 0x8f == 0x80 => (0x42, 0x40),
        (0x58, f) if f & 0xcf == 0xc0 => (0x42, 0x40),
        // Baseline.
        (0x42, f) if f & 0x4f == 0 => (0x42, 0),
        (0x58, f) if f & 0xcf == 0x80 => (0x42, 0),
        // Main.
        (0x4d, f) if f & 0xaf == 0 => (0x4d, 0),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_profile_is_said_in_several_ways() {
        for (one, other) in [
            (0x42_c0_1f, 0x42_e0_1f), // encoders set the first two flags, browsers offer three
            (0x42_c0_28, 0x42_e0_0d), // the level does not matter
            (0x4d_80_1f, 0x42_e0_1f),
            (0x42_00_1f, 0x58_80_1f),
            (0x4d_40_28, 0x4d_00_1f), // x264's main
            (0x64_00_28, 0x64_00_1f),
        ] {
            assert!(same_profile(one, other) && same_profile(other, one), "{one:06x} {other:06x}");
        }
        for (one, other) in
            [(0x42_e0_1f, 0x42_00_1f), (0x42_e0_1f, 0x4d_00_1f), (0x64_00_1f, 0x64_0c_1f), (0x64_00_1f, 0x4d_00_1f)]
        {
            assert!(!same_profile(one, other) && !same_profile(other, one), "{one:06x} {other:06x}");
        }
    }
}
