//! The thread that plays what others say: it ticks every 10 ms while somebody listens. What a tick does is the mixer's.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_bindings::EventQueue;

use super::mixer::{Mixer, PlayoutSettings, SoundPacket};
use crate::clock::Clock;
use crate::sync::LipSync;

const TICK: Duration = Duration::from_millis(10);
/// Packets on their way to the thread; more means that it does not run.
const DEPTH: usize = 256;
/// A thread that slept through more than this begins its clock anew.
const OVERSLEPT: Duration = Duration::from_millis(200);

enum Message {
    Packet(SoundPacket),
    Settings(PlayoutSettings),
    Stop,
}

/// Brings packets and settings to the thread; never waits.
#[derive(Clone)]
pub struct PlayoutHandle {
    messages: SyncSender<Message>,
}

impl PlayoutHandle {
    /// A packet of somebody's track came.
    pub fn packet(&self, packet: SoundPacket) {
        if let Err(TrySendError::Full(_)) = self.messages.try_send(Message::Packet(packet)) {
            metrics::counter!("artc_playout_dropped_total").increment(1);
        }
    }

    /// Changes how sound is handed out.
    pub fn settings(&self, settings: PlayoutSettings) {
        // Settings change a few times in a join, and the queue is empty then.
        let _ = self.messages.try_send(Message::Settings(settings));
    }
}

/// The thread; ends when dropped.
pub struct Playout {
    handle: PlayoutHandle,
    thread: Option<JoinHandle<()>>,
}

impl Playout {
    /// Starts the thread, silent until [`PlayoutHandle::settings`] asks for sound; then the `loudest` so many are heard.
    pub fn start(events: Arc<EventQueue>, sync: Arc<LipSync>, loudest: usize, clock: Clock) -> std::io::Result<Self> {
        let (messages, inbox) = sync_channel(DEPTH);
        let mut mixer = Mixer::new(events, sync, loudest);
        let thread = std::thread::Builder::new().name("artc-playout".into()).spawn(move || run(&mut mixer, &inbox, clock))?;
        Ok(Self { handle: PlayoutHandle { messages }, thread: Some(thread) })
    }

    /// For whoever brings packets.
    pub fn handle(&self) -> PlayoutHandle {
        self.handle.clone()
    }
}

impl Drop for Playout {
    fn drop(&mut self) {
        // A full queue is emptied by the thread at its next tick.
        let _ = self.handle.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mixer: &mut Mixer, inbox: &Receiver<Message>, clock: Clock) {
    let mut next = clock.now() + TICK;
    loop {
        let now = clock.now();
        let message = if mixer.listens() {
            inbox.recv_timeout(next.saturating_duration_since(now))
        } else {
            // Nobody listens: no ticks.
            next = now + TICK;
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match message {
            Ok(Message::Packet(packet)) => mixer.take(packet),
            Ok(Message::Settings(settings)) => {
                // The first block comes with the settings, not a tick later.
                if !mixer.listens() {
                    next = clock.now();
                }
                mixer.set(settings);
            }
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                // A tick plays what is due at its time, however late the thread wakes.
                mixer.tick(next);
                next += TICK;
                if clock.now() > next + OVERSLEPT {
                    next = clock.now() + TICK;
                }
            }
        }
    }
}
