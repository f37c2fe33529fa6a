//! Picture numbers of VP8 on their way to one subscriber: a decoder takes a jump between simulcast layers for lost pictures, so each
//! layer continues where the one before it ended. Not for sequence numbers and timestamps, which every codec has (see `forwarder`).

use rtc::str0m::rtp::{Vp8Descriptor, Vp8Patch};

/// Picture ids count in fifteen bits.
const PICTURE_MASK: u16 = 0x7fff;

/// What is added to the numbers of the layer that flows, and the newest that were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    shift: (u16, u8),
    last: Option<(u16, u8)>,
}

impl Numbers {
    /// What must be written into a packet, if it cannot stay as it came; `switched` with the first packet of a layer.
    pub(super) fn patch(&mut self, came: &Vp8Descriptor, switched: bool) -> Option<Vp8Patch> {
        let (picture, base) = (came.picture_id()?, came.tl0_pic_idx());
        if switched && let Some((last_picture, last_base)) = self.last {
            self.shift = (
                last_picture.wrapping_add(1).wrapping_sub(picture) & PICTURE_MASK,
                base.map_or(0, |base| last_base.wrapping_add(1).wrapping_sub(base)),
            );
        }
        let sent = (picture.wrapping_add(self.shift.0) & PICTURE_MASK, base.unwrap_or(0).wrapping_add(self.shift.1));
        let last = *self.last.get_or_insert(sent);
        // A late packet of an earlier picture does not take the count back.
        let newer = sent.0.wrapping_sub(last.0) & PICTURE_MASK < PICTURE_MASK / 2;
        let newer_base = sent.1.wrapping_sub(last.1) < u8::MAX / 2;
        self.last = Some((if newer { sent.0 } else { last.0 }, if newer_base { sent.1 } else { last.1 }));
        if self.shift == (0, 0) {
            return None;
        }
        let patch = came.patch().picture_id(sent.0);
        let patch = if base.is_some() { patch.tl0_pic_idx(sent.1) } else { patch };
        // Fails for picture ids of seven bits, which nobody sends who has layers.
        patch.build().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(picture: u16, base: u8) -> Vp8Descriptor {
        let payload = [0x90, 0xe0, 0x80 | (picture >> 8) as u8, picture as u8, base, 0, 0];
        Vp8Descriptor::parse(&payload).unwrap()
    }

    #[test]
    fn a_layer_continues_the_count_of_the_one_before() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.patch(&descriptor(0x7ffe, 254), true), None, "the first one stays as it came");
        assert_eq!(numbers.patch(&descriptor(0x7fff, 255), false), None);
        let came = descriptor(100, 7);
        let first = came.patch().picture_id(0).tl0_pic_idx(0).build().unwrap();
        assert_eq!(numbers.patch(&came, true), Some(first), "both counts go on, past their ends");
        let next = descriptor(102, 8);
        assert_eq!(numbers.patch(&next, false), Some(next.patch().picture_id(2).tl0_pic_idx(1).build().unwrap()));
        let late = descriptor(101, 7);
        assert_eq!(numbers.patch(&late, false), Some(late.patch().picture_id(1).tl0_pic_idx(0).build().unwrap()));
        let back = descriptor(9, 9);
        assert_eq!(numbers.patch(&back, true), Some(back.patch().picture_id(3).tl0_pic_idx(2).build().unwrap()));
    }
}
