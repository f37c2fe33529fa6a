//! Files that a power cut ended: the fragment that was being written goes, what is whole before it stays.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use crate::mp4;

/// The longest `moof` that is looked into. Ours have less than a second of samples.
const MOST_MOOF: u64 = 1024 * 1024;

/// How much of a file is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Bytes up to the end of the last whole fragment.
    pub len: u64,
    /// Until when it has pictures, or sound where it has no pictures.
    pub duration: Duration,
}

/// Looks how much of `file` is whole. Reads the heads of its boxes, not the pictures.
pub fn look(file: &mut File) -> io::Result<Whole> {
    let end = file.metadata()?.len();
    let mut whole = Whole::default();
    let (mut at, mut moov, mut moof) = (0, false, None);
    while let Some((kind, len)) = head(file, at, end)? {
        match &kind {
            b"ftyp" if at == 0 => {}
            b"moov" if !moov => moov = true,
            b"moof" if moov && len <= MOST_MOOF => {
                let mut bytes = vec![0; len as usize];
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut bytes)?;
                let Some(ends) = mp4::ends(&bytes) else { break };
                moof = Some(ends);
            }
            b"mdat" => {
                let Some(ends) = moof.take() else { break };
                whole = Whole { len: at + len, duration: ends };
            }
            _ => break,
        }
        at += len;
    }
    Ok(whole)
}

/// Bytes of what stands before the first fragment.
pub fn head_len(file: &mut File) -> io::Result<u64> {
    let end = file.metadata()?.len();
    let mut at = 0;
    while let Some((kind, len)) = head(file, at, end)?
        && &kind != b"moof"
    {
        at += len;
    }
    Ok(at)
}

/// Kind and length of the box at `at`, where all of it lies before `end`.
fn head(file: &mut File, at: u64, end: u64) -> io::Result<Option<([u8; 4], u64)>> {
    if end.saturating_sub(at) < 8 {
        return Ok(None);
    }
    let mut bytes = [0; 8];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    let [a, b, c, d, kind @ ..] = bytes;
    let len = u64::from(u32::from_be_bytes([a, b, c, d]));
    Ok((len >= 8 && at + len <= end).then_some((kind, len)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// A file of three fragments of one picture of 10 bytes each; where each ends.
    fn file() -> (Vec<u8>, Vec<u64>) {
        let mut bytes = [&[0, 0, 0, 8][..], b"ftyp", &[0, 0, 0, 8], b"moov"].concat();
        let mut ends = Vec::new();
        for number in 0..3 {
            let picture = mp4::Picture { len: 10, duration: 90_000, key: number == 0 };
            let head = mp4::fragment_head(number + 1, (u64::from(number) * 90_000, &[picture]), (0, &[])).unwrap();
            bytes.extend(head);
            bytes.extend([7; 10]);
            ends.push(bytes.len() as u64);
        }
        (bytes, ends)
    }

    fn look_at(bytes: &[u8]) -> Whole {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        look(&mut file).unwrap()
    }

    #[test]
    fn whole_fragments_count_and_nothing_behind_them() {
        let (bytes, ends) = file();
        for (number, end) in ends.iter().enumerate() {
            let whole = Whole { len: *end, duration: Duration::from_secs(number as u64 + 1) };
            assert_eq!(look_at(&bytes[..*end as usize]), whole);
            let before = number.checked_sub(1).map_or(0, |before| ends[before]);
            assert_eq!(look_at(&bytes[..*end as usize - 1]).len, before, "a byte is missing");
            assert_eq!(look_at(&[&bytes[..*end as usize], &[0; 40]].concat()), whole, "zeros are no fragment");
        }
        assert_eq!(look_at(b""), Whole::default());
        assert_eq!(look_at(b"\0\0\0\x01ftyp"), Whole::default());
    }

    #[test]
    fn a_file_of_sound_alone_ends_where_its_sound_does() {
        let head = mp4::head(None, Some(mp4::Sound::Aac), Duration::ZERO).unwrap();
        let packets = [mp4::Packet { len: 3, duration: 1024 }; 10];
        let fragment = mp4::fragment_head(1, (0, &[]), (48_000, &packets)).unwrap();
        let whole = look_at(&[&head[..], &fragment, &[0; 30]].concat());
        assert_eq!(whole.duration, Duration::from_secs(1) + mp4::sound_time(10 * 1024));
    }

    proptest! {
        #[test]
        fn damage_shortens_and_breaks_nothing(at in any::<prop::sample::Index>(), with in proptest::collection::vec(any::<u8>(), 1..12)) {
            let (mut bytes, _) = file();
            let at = at.index(bytes.len());
            for (byte, other) in bytes[at..].iter_mut().zip(with) {
                *byte = other;
            }
            prop_assert!(look_at(&bytes).len <= bytes.len() as u64);
        }
    }
}
