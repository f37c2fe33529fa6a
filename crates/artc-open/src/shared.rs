//! What the API's callers and the engine's threads share: flags, counters, the list of participants.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use artc_bindings::{ChannelProfile, ClientRole, NetworkStats, Participant};

/// A thread that waits wakes so often, though there is nothing to do: so that one that hangs can be told from one that waits.
pub const LOOK_UP: Duration = Duration::from_secs(1);

/// Where the API's calls find out whether they are lawful.
#[derive(Debug)]
pub struct Calls {
    /// Channel that was joined or is being joined.
    pub channel: Option<String>,
    /// Who we are in it.
    pub user_id: String,
    /// The engine was released.
    pub released: bool,
    /// Profile of that channel.
    pub profile: ChannelProfile,
    /// Our role, once it was set; see [`Calls::effective_role`].
    pub role: Option<ClientRole>,
    /// Publishing is wished: camera, screen, sound, small stream.
    pub publish_video: bool,
    /// See [`Calls::publish_video`].
    pub publish_screen: bool,
    /// See [`Calls::publish_video`].
    pub publish_audio: bool,
    /// See [`Calls::publish_video`].
    pub publish_small: bool,
    /// Being published now: camera, screen, sound, small stream.
    pub publishing: [bool; 4],
    /// External sources that are on: camera, screen.
    pub sources: [bool; 2],
    /// The documented data channel may be used for sending.
    pub data_out: bool,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            channel: None,
            user_id: String::new(),
            released: false,
            profile: ChannelProfile::InteractiveLive,
            role: None,
            publish_video: true,
            publish_screen: false,
            publish_audio: true,
            publish_small: false,
            publishing: [false; 4],
            sources: [false; 2],
            data_out: false,
        }
    }
}

impl Calls {
    /// Whether roles matter in the channel; in Communication everybody may do everything.
    pub fn has_roles(&self) -> bool {
        self.profile != ChannelProfile::Communication
    }

    /// The role as the documents count it: a viewer until told otherwise; but who publishes without ever having set a role is a
    /// broadcaster, since the documents' own quick start does just that.
    pub fn effective_role(&self) -> ClientRole {
        let publishes = self.publishing.contains(&true);
        self.role.unwrap_or(if publishes { ClientRole::Interactive } else { ClientRole::Live })
    }
}

/// Counters of the way to the server.
#[derive(Debug, Default)]
pub struct Network {
    rtt_us: AtomicU32,
    loss_ppm: AtomicU32,
    available_kbps: AtomicU32,
    target_kbps: AtomicU32,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    retransmissions: AtomicU64,
    key_frame_requests: AtomicU64,
    reconnects: AtomicU64,
}

impl Network {
    pub(crate) fn set_rtt(&self, rtt: Duration) {
        self.rtt_us.store(u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(crate) fn set_loss(&self, share: f32) {
        self.loss_ppm.store((share.clamp(0.0, 1.0) * 1e6) as u32, Ordering::Relaxed);
    }

    pub(crate) fn set_available(&self, bps: u64) {
        self.available_kbps.store(u32::try_from(bps / 1000).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(crate) fn set_target(&self, bps: u32) {
        self.target_kbps.store(bps / 1000, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn set_retransmissions(&self, total: u64) {
        self.retransmissions.store(total, Ordering::Relaxed);
    }

    pub(crate) fn key_frame_requested(&self) {
        self.key_frame_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reconnected(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    /// What congestion control asks of the encoder, kbit/s.
    pub(crate) fn target_kbps(&self) -> u32 {
        self.target_kbps.load(Ordering::Relaxed)
    }

    pub(crate) fn stats(&self) -> NetworkStats {
        NetworkStats {
            rtt: Duration::from_micros(u64::from(self.rtt_us.load(Ordering::Relaxed))),
            loss: self.loss_ppm.load(Ordering::Relaxed) as f32 / 1e6,
            available_kbps: self.available_kbps.load(Ordering::Relaxed),
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            bytes_received: self.bytes_received.load(Ordering::Relaxed),
            retransmissions: self.retransmissions.load(Ordering::Relaxed),
            key_frame_requests: self.key_frame_requests.load(Ordering::Relaxed),
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }
}

/// Turns of a thread that is started when it is needed: `u64::MAX` while there is none, odd while it waits.
#[derive(Debug)]
pub struct Turns(Arc<AtomicU64>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Turns {
    /// The thread begins.
    pub fn begin(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// It waits from now on, or no longer.
    pub fn turn(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// It has ended.
    pub fn end(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// The number, for whoever watches.
    pub fn number(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.0)
    }
}

/// All of it.
#[derive(Debug, Default)]
pub struct Shared {
    calls: Mutex<Calls>,
    participants: Mutex<Vec<Participant>>,
    /// Counters.
    pub network: Network,
    /// Turns of the network's thread, every [`LOOK_UP`] at least; odd while it waits.
    pub turns: Arc<AtomicU64>,
}

impl Shared {
    /// The flags of the calls.
    pub fn calls(&self) -> MutexGuard<'_, Calls> {
        // Flags are set one by one: a panic of another caller leaves nothing half done.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is in the channel.
    pub fn participants(&self) -> MutexGuard<'_, Vec<Participant>> {
        self.participants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
