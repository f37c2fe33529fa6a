//! Whether the values of a command may be given to the library: it copies what a reference names, so that a few bytes of references to
//! references would fill the memory. No program sends any.

/// How deep values may lie in one another.
const DEEPEST: usize = 8;

/// Whether `payload`, AMF0 values in a row, has no reference and nothing that is too deep. What ends early or is unknown is for the library to say.
pub(crate) fn is_plain(payload: &[u8]) -> bool {
    let mut rest = payload;
    while !rest.is_empty() {
        match value(&mut rest, 0) {
            Walk::On => {}
            Walk::Ends => return true,
            Walk::Refused => return false,
        }
    }
    true
}

#[derive(PartialEq)]
enum Walk {
    On,
    /// Not all of it is there, or nobody knows what it is: the library reads no further either.
    Ends,
    Refused,
}

fn value(rest: &mut &[u8], depth: usize) -> Walk {
    let Some(kind) = skip(rest, 1).map(|kind| kind[0]) else { return Walk::Ends };
    if depth >= DEEPEST {
        return Walk::Refused;
    }
    let done = match kind {
        0x00 => skip(rest, 8).map(drop),
        0x01 => skip(rest, 1).map(drop),
        0x02 => text(rest),
        0x05 | 0x06 | 0x0d => Some(()),
        0x0b => skip(rest, 10).map(drop),
        0x0c | 0x0f => number(rest, 4).and_then(|length| skip(rest, length)).map(drop),
        0x03 => return fields(rest, depth),
        0x08 => match skip(rest, 4) {
            Some(_) => return fields(rest, depth),
            None => None,
        },
        0x0a => match number(rest, 4) {
            Some(count) => return (0..count).map(|_| value(rest, depth + 1)).find(|walk| *walk != Walk::On).unwrap_or(Walk::On),
            None => None,
        },
        // References, objects of classes, AMF3, and what nobody knows.
        _ => return Walk::Refused,
    };
    if done.is_some() { Walk::On } else { Walk::Ends }
}

/// Names and values, up to a name without letters and the mark of the end.
fn fields(rest: &mut &[u8], depth: usize) -> Walk {
    loop {
        let Some(length) = number(rest, 2) else { return Walk::Ends };
        if length == 0 {
            // The library takes any byte, or none, for the mark.
            return if skip(rest, 1).is_some() { Walk::On } else { Walk::Ends };
        }
        if skip(rest, length).is_none() {
            return Walk::Ends;
        }
        let walk = value(rest, depth + 1);
        if walk != Walk::On {
            return walk;
        }
    }
}

fn text(rest: &mut &[u8]) -> Option<()> {
    let length = number(rest, 2)?;
    skip(rest, length).map(drop)
}

fn number(rest: &mut &[u8], bytes: usize) -> Option<usize> {
    skip(rest, bytes).map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn skip<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rtmp_rs::amf::{AmfValue, amf0};

    use super::*;

    #[test]
    fn what_programs_send_is_plain() {
        let object: HashMap<String, AmfValue> = [
            ("app".to_owned(), AmfValue::String("yard".into())),
            ("fpad".to_owned(), AmfValue::Boolean(false)),
            ("list".to_owned(), AmfValue::Array(vec![AmfValue::Number(7.0), AmfValue::Null])),
            ("map".to_owned(), AmfValue::EcmaArray(HashMap::from([("*".to_owned(), AmfValue::Undefined)]))),
        ]
        .into();
        let mut bytes = Vec::new();
        for value in [AmfValue::String("connect".into()), AmfValue::Number(1.0), AmfValue::Object(object), AmfValue::Date(7.0)] {
            bytes.extend_from_slice(&amf0::encode(&value));
        }
        assert!(is_plain(&bytes));
        for cut in 0..bytes.len() {
            assert!(is_plain(&bytes[..cut]), "what ends early is the library's to refuse");
        }
    }

    #[test]
    fn references_and_depth_are_refused_wherever_they_stand() {
        assert!(!is_plain(&[7, 0, 0]));
        assert!(!is_plain(&[3, 0, 1, b'a', 7, 0, 0, 0, 0, 9]));
        assert!(!is_plain(&[10, 0, 0, 0, 2, 5, 7, 0, 0]));
        assert!(!is_plain(&[8, 0, 0, 0, 0, 0, 1, b'a', 3, 0, 1, b'b', 7, 0, 0]));
        assert!(is_plain(&[2, 0, 1, 7]), "a text may have any letter");
        assert!(!is_plain(&[10, 0, 0, 0, 1].repeat(9)));
        assert!(is_plain(&[10, 0xff, 0xff, 0xff, 0xff, 5]), "a count is no length");
    }
}
