//! Reading the few header fields that we need ourselves, bit by bit.

/// Bits of a NAL unit's payload, without emulation prevention.
pub(super) struct Bits<I> {
    bytes: I,
    byte: u8,
    left: u32,
}

impl<I: Iterator<Item = u8>> Bits<I> {
    pub(super) fn new(bytes: I) -> Self {
        Self { bytes, byte: 0, left: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.left == 0 {
            (self.byte, self.left) = (self.bytes.next()?, 8);
        }
        self.left -= 1;
        Some(u32::from(self.byte >> self.left & 1))
    }

    /// An unsigned Exp-Golomb number; `None` at the end of the bytes and for one of more than 32 bits.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let mut value = 1u64;
        for _ in 0..zeros {
            value = value << 1 | u64::from(self.bit()?);
        }
        u32::try_from(value - 1).ok()
    }
}
