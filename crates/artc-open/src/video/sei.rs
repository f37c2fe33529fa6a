//! Messages inside access units: SEI of type 5, "user data unregistered" (H.264 annex D.1.6). Reading and writing.

/// Marks our messages among those of encoders: a fixed random UUID, as the standard wants one.
const OURS: [u8; 16] = [0x6a, 0x0e, 0xd4, 0x51, 0x5c, 0x6f, 0x4b, 0x1b, 0x93, 0x4c, 0x2d, 0x7a, 0x90, 0x11, 0xe8, 0x35];
const SEI: u8 = 6;
const USER_DATA: usize = 5;
/// Longest message that is read.
const MAX: usize = artc_bindings::MAX_SEI_BYTES;

/// Appends a NAL unit with start code that carries `message`.
pub fn write(message: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 1, SEI]);
    let mut payload = vec![USER_DATA as u8];
    let mut size = OURS.len() + message.len();
    while size >= 255 {
        payload.push(255);
        size -= 255;
    }
    payload.push(size as u8);
    payload.extend_from_slice(&OURS);
    payload.extend_from_slice(message);
    // The stop bit.
    payload.push(0x80);
    escape(&payload, out);
}

/// Puts `message` into an access unit, behind its parameter sets and before its picture.
pub fn insert(message: &[u8], access_unit: &mut Vec<u8>) {
    let mut unit = Vec::with_capacity(message.len() + 32);
    write(message, &mut unit);
    let place = rtc::h264::nal_units(access_unit)
        .find(|nal| (1..=5).contains(&(nal[0] & 0x1f)))
        .map(|nal| nal.as_ptr() as usize - access_unit.as_ptr() as usize)
        // Back over the start code.
        .map(|at| if access_unit[..at].ends_with(&[0, 0, 0, 1]) { at - 4 } else { at - 3 });
    if let Some(place) = place {
        access_unit.splice(place..place, unit);
    }
}

/// Our messages in an access unit, in order.
pub fn messages(access_unit: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for unit in rtc::h264::nal_units(access_unit) {
        if unit[0] & 0x1f == SEI {
            let payload = unescape(&unit[1..]);
            read(&payload, &mut found);
        }
    }
    found
}

fn read(mut payload: &[u8], found: &mut Vec<Vec<u8>>) {
    // At least type, size and one byte behind them.
    while payload.len() > 2 {
        let Some((kind, rest)) = number(payload) else { return };
        let Some((size, rest)) = number(rest) else { return };
        let Some((body, rest)) = rest.split_at_checked(size) else { return };
        if kind == USER_DATA
            && let Some(message) = body.strip_prefix(&OURS)
            && message.len() <= MAX
        {
            found.push(message.to_vec());
        }
        payload = rest;
    }
}

/// A number of SEI: bytes of 255 add up.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let full = bytes.iter().take_while(|b| **b == 255).count();
    let last = *bytes.get(full)?;
    Some((full * 255 + usize::from(last), &bytes[full + 1..]))
}

fn escape(payload: &[u8], out: &mut Vec<u8>) {
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
}

fn unescape(unit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_of_encoders_are_not_ours() {
        let mut unit = vec![0, 0, 0, 1, SEI, 5, 20];
        unit.extend([9; 20]);
        unit.push(0x80);
        assert!(messages(&unit).is_empty());
    }

    proptest! {
        #[test]
        fn a_message_comes_out_as_it_went_in(message in proptest::collection::vec(any::<u8>(), 0..600), zeros in 0usize..40) {
            let mut message = message;
            message.extend(std::iter::repeat_n(0, zeros));
            let mut unit = Vec::new();
            write(&message, &mut unit);
            unit.extend([0, 0, 0, 1, 0x65, 1, 2, 3]);
            prop_assert!(!unit[5..unit.len() - 8].windows(3).any(|w| w[..2] == [0, 0] && w[2] < 3), "no start code inside");
            prop_assert_eq!(messages(&unit), vec![message]);
        }

        #[test]
        fn an_inserted_message_stands_before_the_picture_and_behind_the_parameter_sets(
            message in proptest::collection::vec(any::<u8>(), 1..50),
        ) {
            let mut unit = vec![0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3, 4];
            insert(&message, &mut unit);
            let kinds: Vec<u8> = rtc::h264::nal_units(&unit).map(|u| u[0] & 0x1f).collect();
            prop_assert_eq!(kinds, vec![7, 8, 6, 5]);
            prop_assert_eq!(messages(&unit), vec![message]);
        }

        #[test]
        fn no_unit_makes_it_panic(unit in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut whole = vec![0, 0, 1, SEI];
            whole.extend(unit);
            let _ = messages(&whole);
        }
    }
}
