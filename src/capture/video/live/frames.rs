//! What becomes of the buffers that the driver filled.

use std::io;
use std::time::Duration;

use media::BrokenFrame;

use super::super::slot::Ticket;
use super::super::v4l2::Buffer;
use super::super::{Captured, Shared};
use super::controls::CID_FORCE_KEY_FRAME;
use super::{AT_ONCE, Live, Lost, Running};

/// A driver's timestamp further from now than this is not believed.
const OLDEST_TIMESTAMP: Duration = Duration::from_secs(5);

impl Live {
    pub(super) fn take_frames(&mut self, shared: &Shared, now: Duration) -> Result<(), Lost> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let taken = self.drain(&mut running, shared, now);
        self.running = Some(running);
        taken.map_err(|e| self.lost("take a frame", e))
    }

    /// Takes all filled buffers. Of pictures the newest goes on, of access units all do.
    fn drain(&mut self, running: &mut Running, shared: &Shared, now: Duration) -> io::Result<()> {
        let mut newest: Option<(Ticket<'_, Captured>, Buffer)> = None;
        for _ in 0..AT_ONCE {
            let Some(buffer) = self.device.next(&running.stream)? else { break };
            let ticket = shared.slot.grab();
            running.any = true;
            if buffer.is_damaged() {
                ticket.broken();
                self.device.give_back(buffer)?;
                continue;
            }
            if running.output.is_units() {
                self.put_out(running, ticket, &buffer, shared, now);
                self.device.give_back(buffer)?;
            } else if let Some((ticket, older)) = newest.replace((ticket, buffer)) {
                ticket.dropped();
                self.device.give_back(older)?;
            }
        }
        if let Some((ticket, buffer)) = newest {
            self.put_out(running, ticket, &buffer, shared, now);
            self.device.give_back(buffer)?;
        }
        Ok(())
    }

    fn put_out(&mut self, running: &mut Running, ticket: Ticket<'_, Captured>, buffer: &Buffer, shared: &Shared, now: Duration) {
        let believed = |time: &Duration| now.abs_diff(*time) < OLDEST_TIMESTAMP;
        let timestamp = buffer.timestamp().filter(believed);
        if running.good.is_none() {
            shared.facts().driver_timestamps = timestamp.is_some();
        }
        let raw = running.stream.frame(buffer, shared.in_order(timestamp.unwrap_or(now)));
        let ask = || self.device.set_by_id(CID_FORCE_KEY_FRAME, 1);
        match running.output.put(&raw, ticket, shared, ask) {
            Ok(()) => {
                running.good = Some(now);
                self.card = None;
                if self.broken.take().is_some() {
                    tracing::info!(camera = %self.identity.id, "frames are whole again");
                }
            }
            // Said once until it is over or another: a bad cable breaks thousands of frames.
            Err(broken) => {
                let same = |known: &BrokenFrame| std::mem::discriminant(known) == std::mem::discriminant(&broken);
                if !self.broken.as_ref().is_some_and(same) {
                    tracing::warn!(camera = %self.identity.id, sequence = buffer.sequence(), error = %broken, "broken frame");
                }
                self.broken = Some(broken);
            }
        }
    }
}
