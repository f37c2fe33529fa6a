//! The camera at work: what was agreed, the transfers that wait, and the thread that fills them at the agreed pace.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::controls::{self, BRIGHTNESS, Control, PROCESSING_UNIT};
use crate::descriptors::{self, PAYLOAD};
use crate::faults::Fault;
use crate::modes::{Format, Mode};
use crate::usbip::Replies;

const STREAM_ENDPOINT: u32 = 1;
const STATUS_ENDPOINT: u32 = 2;
const EPIPE: i32 = -32;

/// An answer to a control request.
pub enum Answer {
    /// What goes back (nothing for a SET).
    Bytes(Vec<u8>),
    /// Refused.
    Stall,
}

/// What the threads share.
pub struct Shared {
    modes: Vec<Mode>,
    formats: Vec<(Format, Vec<usize>)>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    controls: Vec<Control>,
    probe: Agreement,
    agreed: Agreement,
    /// Counts agreements, so that a new stream begins with a whole frame.
    generation: u64,
    waiting: VecDeque<Transfer>,
    status: VecDeque<Transfer>,
    frozen: bool,
    stalled: bool,
    hung: bool,
    faults: Faults,
}

#[derive(Clone, Copy)]
struct Agreement {
    format: u8,
    frame: u8,
    mode: usize,
    interval: u32,
}

#[derive(Clone, Copy)]
struct Transfer {
    sequence: u32,
    length: usize,
}

/// How many of the next frames suffer what.
#[derive(Clone, Copy, Default)]
struct Faults {
    short: u32,
    corrupt: u32,
    error: u32,
    empty: u32,
    drop: u32,
}

fn take(count: &mut u32) -> bool {
    let hit = *count > 0;
    *count = count.saturating_sub(1);
    hit
}

#[expect(clippy::disallowed_methods, reason = "a camera owns its clock")]
fn now() -> Instant {
    Instant::now()
}

impl Shared {
    /// A camera at power-on.
    pub fn new(modes: Vec<Mode>) -> Self {
        let formats = descriptors::formats(&modes);
        let first = Agreement { format: 1, frame: 1, mode: 0, interval: modes[0].intervals[0] };
        let state = State {
            controls: controls::all(),
            probe: first,
            agreed: first,
            generation: 0,
            waiting: VecDeque::new(),
            status: VecDeque::new(),
            frozen: false,
            stalled: false,
            hung: false,
            faults: Faults::default(),
        };
        Self { modes, formats, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it answers nothing any more.
    pub fn is_hung(&self) -> bool {
        self.lock().hung
    }

    /// Applies a fault from outside.
    pub fn inject(&self, fault: Fault, replies: &Replies) -> io::Result<()> {
        let mut state = self.lock();
        match fault {
            Fault::Short(count) => state.faults.short = count,
            Fault::Corrupt(count) => state.faults.corrupt = count,
            Fault::ErrorBit(count) => state.faults.error = count,
            Fault::Empty(count) => state.faults.empty = count,
            Fault::Drop(count) => state.faults.drop = count,
            Fault::Freeze => state.frozen = true,
            Fault::Stall => state.stalled = true,
            Fault::Hang => (state.frozen, state.hung) = (true, true),
            Fault::Resume => (state.frozen, state.stalled, state.hung) = (false, false, false),
            Fault::Brightness(value) => {
                if let Some(control) = state.controls.iter_mut().find(|c| c.entity == PROCESSING_UNIT && c.selector == BRIGHTNESS)
                {
                    control.value[0] = value.into();
                }
                if let Some(transfer) = state.status.pop_front() {
                    // From the control interface: this entity's control changed its value (UVC 1.1, 2.4.2.2).
                    let [low, high] = value.to_le_bytes();
                    let packet = [1, PROCESSING_UNIT, 0, BRIGHTNESS, 0, low, high];
                    replies.submit(transfer.sequence, 0, packet.len(), &packet)?;
                }
            }
            Fault::Quit => std::process::exit(0),
        }
        println!("fault {fault:?}");
        self.changed.notify_all();
        Ok(())
    }

    /// A transfer of an endpoint other than 0 arrives: it waits until there is something for it.
    pub fn queue(&self, endpoint: u32, sequence: u32, length: usize, replies: &Replies) -> io::Result<()> {
        let mut state = self.lock();
        match endpoint {
            STREAM_ENDPOINT if state.stalled => return replies.submit(sequence, EPIPE, 0, &[]),
            STREAM_ENDPOINT => state.waiting.push_back(Transfer { sequence, length }),
            STATUS_ENDPOINT => state.status.push_back(Transfer { sequence, length }),
            _ => return replies.submit(sequence, EPIPE, 0, &[]),
        }
        self.changed.notify_all();
        Ok(())
    }

    /// The kernel takes a transfer back. `answer` runs before anything else can be sent, and is told whether it still waited.
    pub fn unlink(&self, sequence: u32, answer: impl FnOnce(bool) -> io::Result<()>) -> io::Result<()> {
        let mut state = self.lock();
        let before = state.waiting.len();
        let all = before + state.status.len();
        state.waiting.retain(|transfer| transfer.sequence != sequence);
        state.status.retain(|transfer| transfer.sequence != sequence);
        if before > 0 && state.waiting.is_empty() {
            println!("stopped");
        }
        answer(state.waiting.len() + state.status.len() < all)
    }

    /// A request to an entity's control.
    pub fn control(&self, entity: u8, selector: u8, request: u8, data: &[u8]) -> Answer {
        let mut state = self.lock();
        let Some(control) = state.controls.iter_mut().find(|c| c.entity == entity && c.selector == selector) else {
            return Answer::Stall;
        };
        if request != 0x01 {
            return control.get(request).map_or(Answer::Stall, Answer::Bytes);
        }
        if !control.set(data) {
            return Answer::Stall;
        }
        println!("control {entity}.{selector:#04x} = {}", control.told());
        Answer::Bytes(Vec::new())
    }

    /// A request to the streaming interface: probe (selector 1) or commit (selector 2), UVC 1.1, 4.3.1.1. Nothing is a stall.
    pub fn negotiate(&self, request: u8, selector: u8, data: &[u8]) -> Option<Vec<u8>> {
        if !matches!(selector, 1 | 2) {
            return None;
        }
        let mut state = self.lock();
        match request {
            0x01 => {
                let asked = self.agree(data)?;
                if selector == 1 {
                    state.probe = asked;
                } else {
                    state.agreed = asked;
                    state.generation += 1;
                    let mode = &self.modes[asked.mode];
                    println!("agreed {} {}x{} every {} us", mode.format, mode.width, mode.height, asked.interval / 10);
                }
                Some(Vec::new())
            }
            0x85 => Some(34_u16.to_le_bytes().to_vec()),
            0x86 => Some(vec![3]),
            0x81..=0x84 | 0x87 => Some(self.describe(if selector == 1 { state.probe } else { state.agreed })),
            _ => None,
        }
    }

    /// What is asked for, as far as the camera has it: an unknown format or frame becomes the first, the interval the nearest.
    fn agree(&self, data: &[u8]) -> Option<Agreement> {
        let asked = u32::from_le_bytes(data.get(4..8)?.try_into().ok()?);
        let format = usize::from(data[2]).clamp(1, self.formats.len());
        let members = &self.formats[format - 1].1;
        let frame = usize::from(data[3]).clamp(1, members.len());
        let mode = members[frame - 1];
        let interval = self.modes[mode].intervals.iter().copied().min_by_key(|interval| interval.abs_diff(asked))?;
        Some(Agreement { format: format as u8, frame: frame as u8, mode, interval })
    }

    fn describe(&self, agreement: Agreement) -> Vec<u8> {
        let mode = &self.modes[agreement.mode];
        let mut out = vec![1, 0, agreement.format, agreement.frame];
        out.extend(agreement.interval.to_le_bytes());
        out.extend([0; 10]); // key frame rate, P frame rate, quality, window, delay: the camera's own choice
        out.extend((mode.format.frame_bytes(mode.width, mode.height) as u32).to_le_bytes());
        out.extend(PAYLOAD.to_le_bytes());
        out.extend(48_000_000_u32.to_le_bytes());
        out.extend([0, 0, 0, 0]);
        out
    }
}

/// Sends frames for as long as the process lives.
pub fn run(shared: &Shared, replies: &Replies) -> io::Result<()> {
    let mut due = now();
    let mut number = 0;
    let mut toggle = 0;
    let mut generation = 0;
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() || state.frozen {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stalled {
            while let Some(transfer) = state.waiting.pop_front() {
                replies.submit(transfer.sequence, EPIPE, 0, &[])?;
            }
            continue;
        }
        if generation != state.generation {
            generation = state.generation;
            number = 0; // an H.264 stream begins with its parameter sets
            due = now();
        }
        let agreed = state.agreed;
        let interval = Duration::from_nanos(u64::from(agreed.interval) * 100);
        let wait = due.saturating_duration_since(now());
        if !wait.is_zero() {
            drop(shared.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner));
            continue; // woken early, or something changed meanwhile
        }
        // A camera does not catch up: what is late by more than three frames is lost.
        due = if now() > due + 3 * interval { now() } else { due + interval };
        let mut faults = state.faults;
        let spoil = Spoil {
            short: take(&mut faults.short),
            corrupt: take(&mut faults.corrupt),
            error: take(&mut faults.error),
            empty: take(&mut faults.empty),
            drop: take(&mut faults.drop),
        };
        state.faults = faults;
        drop(state);

        let frame = shared.modes[agreed.mode].clip.frame(number);
        number += 1;
        if !spoil.drop {
            send(shared, replies, &spoil.apply(frame, number), spoil.error, toggle, generation)?;
            toggle ^= 1;
        }
    }
}

struct Spoil {
    short: bool,
    corrupt: bool,
    error: bool,
    empty: bool,
    drop: bool,
}

impl Spoil {
    fn apply<'a>(&self, frame: &'a [u8], seed: usize) -> std::borrow::Cow<'a, [u8]> {
        if self.empty {
            return [].as_slice().into();
        }
        let frame = if self.short { &frame[..frame.len() / 2] } else { frame };
        if !self.corrupt {
            return frame.into();
        }
        let mut bytes = frame.to_vec();
        let mut random = seed as u32 | 1; // xorshift: the same frames spoil the same way in every run
        for _ in 0..bytes.len() / 50 + 1 {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let at = random as usize % bytes.len();
            bytes[at] = (random >> 24) as u8;
        }
        bytes.into()
    }
}

/// Sends one frame, a payload a transfer; gives up when the stream was stopped or agreed anew.
fn send(shared: &Shared, replies: &Replies, frame: &[u8], error: bool, toggle: u8, generation: u64) -> io::Result<()> {
    let mut at = 0;
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() && state.generation == generation {
            let (next, timeout) =
                shared.changed.wait_timeout(state, Duration::from_millis(500)).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if timeout.timed_out() && state.waiting.is_empty() {
                return Ok(()); // stopped
            }
        }
        if state.generation != generation || state.stalled {
            return Ok(());
        }
        let Some(transfer) = state.waiting.pop_front() else { continue };
        // One byte short of the transfer, so that a payload always ends with a short packet.
        let room = transfer.length.min(PAYLOAD as usize) - 3;
        let part = &frame[at..frame.len().min(at + room)];
        at += part.len();
        let last = at == frame.len();
        let mut payload = Vec::with_capacity(part.len() + 2);
        payload.extend([2, 0x80 | toggle | u8::from(last) << 1 | u8::from(error) << 6]);
        payload.extend_from_slice(part);
        // Under the lock: see Shared::unlink.
        replies.submit(transfer.sequence, 0, payload.len(), &payload)?;
        if last {
            return Ok(());
        }
    }
}
