//! Long messages in pieces, for an engine whose messages are short: numbered data-channel messages, put together at the other end.
//!
//! A piece is the JSON object `{"artc_piece":N,"of":COUNT,"message":"ID","text":"..."}`: `N` from 0, `ID` the sender's own for this message.
//! The texts in the order of their numbers are the message. Pieces of one message come in order; one that does not ends its message.
//! Bounded: [`MOST`] messages at a time, [`MOST_OF_ONE`] of one sender, [`LONGEST`] bytes each, [`IDLE`] between two pieces.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest message, as everywhere on the command plane.
pub const LONGEST: usize = artc_bindings::MAX_COMMAND_BYTES;
/// Unfinished messages of all senders, and of one.
const MOST: usize = 16;
const MOST_OF_ONE: usize = 2;
/// How long the next piece is waited for.
const IDLE: Duration = Duration::from_secs(10);
/// Bytes of text in a piece before it is written as JSON, where each may become six.
const TEXT: usize = artc_bindings::MAX_DATA_BYTES / 6 - 64;
/// Longest id of a message.
const MAX_ID: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece<'a> {
    artc_piece: u32,
    of: u32,
    message: std::borrow::Cow<'a, str>,
    text: std::borrow::Cow<'a, str>,
}

/// `text` as messages that an engine takes; itself where it is short enough.
pub fn cut(text: &[u8], id: u64) -> Vec<Vec<u8>> {
    if text.len() <= artc_bindings::MAX_DATA_BYTES {
        return vec![text.to_vec()];
    }
    let text = String::from_utf8_lossy(text);
    let mut parts = Vec::new();
    let mut rest = &*text;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(TEXT));
        parts.push(part);
        rest = after;
    }
    let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let write = |(artc_piece, text): (u32, &str)| {
        let piece = Piece { artc_piece, of, message: id.to_string().into(), text: text.into() };
        serde_json::to_vec(&piece).unwrap_or_default()
    };
    (0..).zip(parts).map(write).collect()
}

/// Puts pieces together.
#[derive(Debug, Default)]
pub struct Pieces(HashMap<(String, String), Open>);

#[derive(Debug)]
struct Open {
    text: String,
    next: u32,
    of: u32,
    heard: Duration,
}

impl Pieces {
    /// Whether a data-channel message may be a piece.
    pub fn is_piece(data: &[u8]) -> bool {
        data.starts_with(b"{\"artc_piece\":")
    }

    /// Takes a piece of `from`. Gives the message when it was the last one; drops it when a piece is not the one that was due, or when
    /// there is more than may be.
    pub fn take(&mut self, from: &str, data: &[u8], now: Duration) -> Option<Vec<u8>> {
        let piece: Piece<'_> = serde_json::from_slice(data).ok()?;
        if piece.message.len() > MAX_ID || piece.artc_piece >= piece.of {
            return None;
        }
        let key = (from.to_owned(), piece.message.into_owned());
        let mut open = if piece.artc_piece == 0 {
            self.0.retain(|_, open| now.saturating_sub(open.heard) < IDLE);
            let of_one = self.0.keys().filter(|(who, _)| who == from).count();
            if self.0.len() >= MOST || of_one >= MOST_OF_ONE {
                metrics::counter!("artc_control_pieces_dropped_total").increment(1);
                return None;
            }
            Open { text: String::new(), next: 0, of: piece.of, heard: now }
        } else {
            self.0.remove(&key)?
        };
        if open.next != piece.artc_piece || open.of != piece.of || open.text.len() + piece.text.len() > LONGEST {
            metrics::counter!("artc_control_pieces_dropped_total").increment(1);
            return None;
        }
        open.text.push_str(&piece.text);
        open.next += 1;
        open.heard = now;
        if open.next == open.of {
            return Some(open.text.into_bytes());
        }
        self.0.insert(key, open);
        None
    }

    /// Somebody left.
    pub fn forget(&mut self, from: &str) {
        self.0.retain(|(who, _), _| who != from);
    }
}

#[cfg(test)]
mod tests {
    use artc_bindings::MAX_DATA_BYTES;
    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    fn long() -> String {
        "\u{1}é\"\\".repeat(10_000)
    }

    #[test]
    fn a_short_message_is_itself() {
        assert_eq!(cut(b"{}", 1), [b"{}".to_vec()]);
        assert_eq!(cut(&[b' '; MAX_DATA_BYTES], 1).len(), 1);
    }

    #[test]
    fn every_piece_is_short_enough_and_the_message_comes_whole_beside_others() {
        let (mut pieces, text) = (Pieces::default(), long());
        let parts = cut(text.as_bytes(), 7);
        assert!(parts.len() > 3 && parts.iter().all(|part| part.len() <= MAX_DATA_BYTES && Pieces::is_piece(part)));
        let (last, first) = parts.split_last().unwrap();
        for part in first {
            assert_eq!((pieces.take("a", part, NOW), pieces.take("b", part, NOW)), (None, None));
        }
        assert_eq!(pieces.take("b", last, NOW).unwrap(), text.as_bytes());
        assert_eq!(pieces.take("b", last, NOW), None);
        assert_eq!(pieces.take("a", last, NOW).unwrap(), text.as_bytes());
        assert!(pieces.0.is_empty());
    }

    #[test]
    fn a_missing_piece_ends_its_message() {
        let mut pieces = Pieces::default();
        let parts = cut(long().as_bytes(), 7);
        pieces.take("a", &parts[0], NOW);
        for part in &parts[2..] {
            assert_eq!(pieces.take("a", part, NOW), None);
        }
        assert!(pieces.0.is_empty());
    }

    #[test]
    fn what_would_fill_the_memory_is_dropped() {
        let mut pieces = Pieces::default();
        let first = |id| cut(long().as_bytes(), id)[0].clone();
        for id in 0..100 {
            pieces.take("flood", &first(id), NOW);
        }
        assert_eq!(pieces.0.len(), MOST_OF_ONE);
        for who in 0..100 {
            pieces.take(&format!("other {who}"), &first(1), NOW);
        }
        assert_eq!(pieces.0.len(), MOST);
        pieces.take("late", &first(1), NOW + IDLE);
        assert_eq!(pieces.0.len(), 1, "who begins and sends no more holds its place for a while only");
        pieces.forget("late");
        assert!(pieces.0.is_empty());
        let endless = |n: u32| {
            let piece = Piece { artc_piece: n, of: 1000, message: "x".into(), text: "y".repeat(2000).into() };
            serde_json::to_vec(&piece).unwrap()
        };
        assert!((0..1000).all(|n| pieces.take("long", &endless(n), NOW).is_none()));
        assert!(pieces.0.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_comes_as_it_was(text in "(?s).{0,9000}", id in any::<u64>()) {
            let mut pieces = Pieces::default();
            let parts = cut(text.as_bytes(), id);
            let came = if parts.len() == 1 { Some(parts[0].clone()) } else {
                parts.iter().map(|part| pieces.take("a", part, NOW)).last().flatten()
            };
            prop_assert_eq!(came, Some(text.into_bytes()));
        }

        #[test]
        fn no_bytes_make_it_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Pieces::default().take("a", &data, NOW);
            let _ = cut(&data, 1);
        }
    }
}
