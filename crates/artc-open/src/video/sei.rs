//! Messages inside access units: the engine's own among the SEI of type 5, "user data unregistered" (H.264 annex D.1.6).

use media::h264::sei;

/// Marks our messages among those of encoders: a fixed random UUID, as the standard wants one.
const OURS: [u8; 16] = [0x6a, 0x0e, 0xd4, 0x51, 0x5c, 0x6f, 0x4b, 0x1b, 0x93, 0x4c, 0x2d, 0x7a, 0x90, 0x11, 0xe8, 0x35];
/// Longest message that is read.
const MAX: usize = artc_bindings::MAX_SEI_BYTES;

/// Puts `message` into an access unit, behind its parameter sets and before its picture. One that is too long, and a unit without a
/// picture, stay as they are.
pub fn insert(message: &[u8], access_unit: &mut Vec<u8>) {
    let mut unit = Vec::with_capacity(message.len() + 32);
    let mut whole = Vec::with_capacity(access_unit.len() + message.len() + 64);
    let written = sei::write(sei::USER_DATA_UNREGISTERED, &[&OURS, message], &mut unit);
    if written.and_then(|()| sei::insert(access_unit, &unit, &mut whole)).is_ok() {
        *access_unit = whole;
    }
}

/// Our messages in an access unit, in order.
pub fn messages(access_unit: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    sei::read(access_unit, &mut Vec::new(), |message| match message.unregistered() {
        Some((&OURS, data)) if data.len() <= MAX => found.push(data.to_vec()),
        _ => {}
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::h264::nals;
    use proptest::prelude::*;

    #[test]
    fn messages_of_encoders_are_not_ours() {
        let mut unit = vec![0, 0, 0, 1, 6, 5, 20];
        unit.extend([9; 20]);
        unit.push(0x80);
        assert!(messages(&unit).is_empty());
    }

    proptest! {
        #[test]
        fn a_message_comes_out_as_it_went_in(message in proptest::collection::vec(any::<u8>(), 0..600), zeros in 0usize..40) {
            let mut message = message;
            message.extend(std::iter::repeat_n(0, zeros));
            let mut unit = vec![0, 0, 0, 1, 0x65, 1, 2, 3];
            insert(&message, &mut unit);
            prop_assert!(!unit[5..unit.len() - 8].windows(3).any(|w| w[..2] == [0, 0] && w[2] < 3), "no start code inside");
            prop_assert_eq!(messages(&unit), vec![message]);
        }

        #[test]
        fn an_inserted_message_stands_before_the_picture_and_behind_the_parameter_sets(
            message in proptest::collection::vec(any::<u8>(), 1..50),
        ) {
            let mut unit = vec![0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3, 4];
            insert(&message, &mut unit);
            let kinds: Vec<u8> = nals(&unit).map(|u| u[0] & 0x1f).collect();
            prop_assert_eq!(kinds, vec![7, 8, 6, 5]);
            prop_assert_eq!(messages(&unit), vec![message]);
        }

        #[test]
        fn no_unit_makes_it_panic(unit in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut whole = vec![0, 0, 1, 6];
            whole.extend(unit);
            let _ = messages(&whole);
        }
    }
}
