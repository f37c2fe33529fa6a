//! The speaker's thread: the shell that owns device, clock and waiting. What the device is given is for [`super::flow`].

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use alsa::poll::pollfd;
use media::pcm::Gain;
use media::{PcmBlock, PcmFormat};
use metrics::{counter, gauge};
use rustix::time::{ClockId, clock_gettime};
use voice::Duplex;

use super::alsa::{self as device, Playback};
use super::flow::Flow;
use super::state::Phase;
use super::{Config, Shared, devices};
use crate::soundcard::{Fault, Identity, Knob, Loss, OpenError, Pulse, Way, factor};

/// How long until a lost device is looked for again. One that is there and does not open is tried less and less often, down to
/// [`RETRY_MOST`].
const RETRY: Duration = Duration::from_millis(250);
const RETRY_MOST: Duration = Duration::from_secs(2);
/// How long "auto" waits for the card it had before it takes another.
const FAITHFUL: Duration = Duration::from_secs(10);
/// When no more than this waits and nothing came, silence follows.
const LOW: Duration = Duration::from_millis(8);
/// After so much silence in a row the device is stopped.
const REST: Duration = Duration::from_millis(500);
/// A device that takes nothing for so long, though it is offered something, is opened anew.
const STALLED: Duration = Duration::from_secs(1);
/// However much waits in the device, it is seen to this often.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const BLOCK: Duration = Duration::from_millis(10);

pub(super) struct Pump {
    config: Config,
    shared: Arc<Shared>,
    /// Who wants to know what is written.
    voice: Option<Arc<Duplex>>,
    /// The device in use, or lost.
    identity: Option<Identity>,
    /// The volume in software, on its way from block to block.
    gain: Gain,
}

/// Where sound goes at the moment.
enum Sink {
    Device(Box<Device>),
    Lost { since: Duration, again_at: Duration, wait: Duration },
}

/// A device that is open.
struct Device {
    playback: Playback,
    flow: Flow,
    knob: Option<Knob>,
    /// The volume that the knob was set to.
    knob_at: u8,
    running: bool,
    /// Whether it takes samples.
    pulse: Pulse,
    /// When a block came last.
    heard_at: Duration,
    /// Until when it plays, if it does not tell.
    plays_until: Duration,
}

impl Pump {
    pub(super) fn new(config: Config, shared: Arc<Shared>, voice: Option<Arc<Duplex>>) -> Self {
        Self { config, shared, voice, identity: None, gain: Gain::new(0.0) }
    }

    /// Runs until the speaker is dropped.
    pub(super) fn run(mut self) {
        let now = clock();
        let mut sink = self.look(now, now, RETRY);
        while !self.shared.stop.load(Ordering::Acquire) {
            self.wait(&sink);
            let now = clock();
            sink = match sink {
                Sink::Device(device) => self.serve(device, now),
                Sink::Lost { since, again_at, wait } => {
                    while let Some(block) = self.shared.queue.take() {
                        self.shared.queue.fate(&block, false);
                    }
                    if now >= again_at { self.look(now, since, wait) } else { Sink::Lost { since, again_at, wait } }
                }
            };
        }
    }

    /// Looks for the device and opens it; `since` is when it was lost.
    fn look(&mut self, now: Duration, since: Duration, wait: Duration) -> Sink {
        match self.open(now.saturating_sub(since)) {
            Ok((playback, identity)) => match Flow::new(playback.format().0, playback.format().1, playback.period()) {
                Ok(flow) => self.begin(playback, flow, identity, now),
                Err(why) => self.lost(Loss::NoFormat, &format!("{}: {why}", playback.name()), now),
            },
            Err(error) => {
                let before = self.shared.facts().phase;
                let phase = match (error.loss, before) {
                    // It was there, so it is still what it was: unplugged, or whatever made us give it up.
                    (Loss::Missing, Phase::Lost(Loss::Unplugged | Loss::Stalled | Loss::Failed)) => before,
                    (loss, _) => Phase::Lost(loss),
                };
                if phase != before {
                    self.say(phase, &error.to_string());
                }
                let wait = if error.loss == Loss::Missing { RETRY } else { wait };
                Sink::Lost { since, again_at: now + wait, wait: (wait * 2).min(RETRY_MOST) }
            }
        }
    }

    fn open(&self, lost_for: Duration) -> Result<(Playback, Option<Identity>), OpenError> {
        let wanted = self.config.device.as_str();
        let all = devices();
        let mine: Vec<&Identity> = match &self.identity {
            _ if wanted != "auto" => all.iter().filter(|device| device.is_meant_by(wanted)).collect(),
            Some(had) if lost_for < FAITHFUL => all.iter().filter(|device| device.id == had.id).collect(),
            _ => all.iter().collect(),
        };
        if mine.is_empty() && wanted != "auto" {
            // Not one of the cards, so perhaps a name that ALSA's own configuration knows.
            return Playback::open(wanted).map(|playback| (playback, None));
        }
        let mut first_error = None;
        for identity in mine {
            match device::open(identity) {
                Ok(playback) => return Ok((playback, Some(identity.clone()))),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| {
            OpenError::missing(self.identity.as_ref().map_or("a sound card that plays", |had| had.name.as_str()))
        }))
    }

    fn begin(&mut self, playback: Playback, flow: Flow, identity: Option<Identity>, now: Duration) -> Sink {
        let knob = identity.as_ref().and_then(|device| Knob::open(&device.mixer_name(), Way::Out));
        let detail = match &identity {
            Some(device) => format!("{} ({})", device.name, playback.name()),
            None => playback.name().to_owned(),
        };
        {
            let mut facts = self.shared.facts();
            facts.recoveries += u64::from(matches!(facts.phase, Phase::Lost(_)) && self.identity.is_some());
            facts.mixer = knob.is_some();
            facts.device.clone_from(&identity);
            facts.format = Some(playback.format());
        }
        self.identity = identity.or(self.identity.take());
        self.say(Phase::Ready, &detail);
        Sink::Device(Box::new(Device {
            playback,
            flow,
            knob,
            // Unlike anything the knob can stand at, so that it is turned to what is configured.
            knob_at: u8::MAX,
            running: false,
            pulse: Pulse::new(now),
            heard_at: now,
            plays_until: now,
        }))
    }

    /// Gives the device what came, silence where nothing came in time, and rest where nothing comes at all.
    fn serve(&mut self, mut device: Box<Device>, now: Duration) -> Sink {
        device.turn(&self.shared);
        device.pulse.look(now, LONGEST_WAIT * 2);
        let mut came = false;
        while let Some(mut block) = self.shared.queue.take() {
            came = true;
            device.heard_at = now;
            let played = self.give(&mut device, Some(&mut block), now);
            self.shared.queue.fate(&block, played == Ok(true));
            if let Err(fault) = played
                && let Err(lost) = self.recover(&mut device, fault, now)
            {
                return lost;
            }
        }
        let done = if came {
            self.note(&mut device, now)
        } else if !device.running {
            device.pulse.moved(now);
            device.playback.check()
        } else {
            match device.waits(now) {
                Ok(waits) if waits > LOW => Ok(()),
                Ok(_) if now > device.heard_at + REST => self.rest(&mut device),
                Ok(_) => self.give(&mut device, None, now).map(|_| ()),
                Err(fault) => Err(fault),
            }
        };
        if let Err(fault) = done
            && let Err(lost) = self.recover(&mut device, fault, now)
        {
            return lost;
        }
        if device.running && device.pulse.still_for(now) > STALLED {
            return self.lost(Loss::Stalled, &format!("{}: takes no samples", device.playback.name()), now);
        }
        Sink::Device(device)
    }

    /// Gives the device a block, or silence; false when it has too much already.
    fn give(&mut self, device: &mut Device, mut block: Option<&mut PcmBlock>, now: Duration) -> Result<bool, Fault> {
        let begins = !device.running;
        let heard_in = if begins { device.flow.target().saturating_sub(BLOCK) } else { device.waits(now)? };
        if begins {
            // What plays first is silence, as long as sound is to wait from then on.
            device.flow.interrupted();
            for _ in 0..device.flow.target().as_millis() / BLOCK.as_millis() - 1 {
                device.playback.write(device.flow.silence())?;
            }
        } else if device.flow.is_too_much(heard_in) {
            device.flow.cut();
            return Ok(false);
        }
        let samples = match &mut block {
            Some(block) => {
                let volume = self.shared.volume.load(Ordering::Relaxed);
                // A knob at its lowest position still lets something through; 0 means silence.
                let volume = if device.knob.is_some() && volume > 0 { 100 } else { volume };
                self.gain.set(factor(volume, self.shared.muted.load(Ordering::Relaxed)));
                let channels = block.format.channels;
                self.gain.apply(block.samples_mut(), channels);
                device.flow.sound(block)
            }
            None => device.flow.silence(),
        };
        let all = device.playback.write(samples)?;
        if let Some(voice) = &self.voice {
            match block {
                Some(block) => voice.played(block, heard_in, now),
                None => voice.played(&PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, now), heard_in, now),
            }
        }
        if begins {
            device.playback.start()?;
            device.running = true;
            device.pulse.moved(now);
            device.plays_until = now + device.flow.target();
            self.say_phase(Phase::Playing);
        } else if all {
            device.plays_until = device.plays_until.max(now) + BLOCK;
        }
        if all {
            device.pulse.moved(now);
        } else {
            device.flow.cut();
        }
        Ok(all)
    }

    /// Sees how much waits after a block was written.
    fn note(&self, device: &mut Device, now: Duration) -> Result<(), Fault> {
        if !device.running {
            return Ok(());
        }
        let waits = device.waits(now)?;
        device.flow.observe(waits, now);
        let ppm = device.flow.drift_ppm();
        gauge!("artc_speaker_delay_seconds").set(waits.as_secs_f64());
        gauge!("artc_speaker_drift_ppm").set(ppm);
        let mut facts = self.shared.facts();
        (facts.delay, facts.drift_ppm) = (Some(waits), ppm);
        Ok(())
    }

    fn rest(&self, device: &mut Device) -> Result<(), Fault> {
        device.running = false;
        self.shared.facts().delay = None;
        self.say_phase(Phase::Ready);
        device.playback.stop()
    }

    /// Makes the device ready again, or gives it up.
    fn recover(&mut self, device: &mut Device, fault: Fault, now: Duration) -> Result<(), Sink> {
        let name = device.playback.name().to_owned();
        if device.pulse.still_for(now) > STALLED && fault != Fault::Gone {
            return Err(self.lost(Loss::Stalled, &format!("{name}: takes no samples ({fault})"), now));
        }
        device.running = false;
        let done = match &fault {
            Fault::Xrun => {
                self.shared.facts().underruns += 1;
                counter!("artc_speaker_underruns_total").increment(1);
                device.flow.ran_dry(now);
                device.playback.stop().map(|()| true)
            }
            Fault::Suspended => device.playback.resume(),
            Fault::Failed(why) => {
                tracing::warn!(speaker = name, why, "speaker is started again");
                device.playback.stop().map(|()| true)
            }
            Fault::Gone => Err(Fault::Gone),
        };
        match done {
            Ok(awake) => {
                if awake && fault != Fault::Xrun {
                    self.shared.facts().restarts += 1;
                    counter!("artc_speaker_restarts_total").increment(1);
                }
                Ok(())
            }
            Err(Fault::Gone) => Err(self.lost(Loss::Unplugged, &format!("{name}: unplugged"), now)),
            Err(fault) => Err(self.lost(Loss::Failed, &format!("{name}: {fault}"), now)),
        }
    }

    fn lost(&mut self, loss: Loss, why: &str, now: Duration) -> Sink {
        {
            let mut facts = self.shared.facts();
            (facts.delay, facts.format) = (None, None);
        }
        self.say(Phase::Lost(loss), why);
        Sink::Lost { since: now, again_at: now + RETRY, wait: RETRY }
    }

    /// Remembers what becomes of the sound, and says so.
    fn say(&self, phase: Phase, detail: &str) {
        let mut facts = self.shared.facts();
        if facts.phase == phase && facts.detail == detail {
            return;
        }
        facts.phase = phase;
        facts.detail = detail.into();
        drop(facts);
        match phase {
            Phase::Lost(_) => tracing::warn!(?phase, detail, "speaker"),
            _ => tracing::info!(?phase, detail, "speaker"),
        }
    }

    /// The same device, and something to play or nothing: no news for the log.
    fn say_phase(&self, phase: Phase) {
        self.shared.facts().phase = phase;
    }

    /// Waits for a block, for a wish, or until something is due.
    fn wait(&self, sink: &Sink) {
        let now = clock();
        let due = match sink {
            // Not less than what a wake costs: a device whose clock stands still must not make us spin.
            Sink::Device(device) if device.running => device
                .waits(now)
                .map_or(now, |waits| now + waits.saturating_sub(LOW).clamp(Duration::from_millis(2), LONGEST_WAIT)),
            Sink::Device(_) => now + LONGEST_WAIT,
            Sink::Lost { again_at, .. } => *again_at,
        };
        let millis = due.saturating_sub(now).as_micros().div_ceil(1000);
        let mut fds = [pollfd { fd: self.shared.wake.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        // An interrupted wait is a wait that ended early.
        let _ = alsa::poll::poll(&mut fds, i32::try_from(millis).unwrap_or(1000));
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        if fds[0].revents & libc::POLLIN != 0 {
            let _ = rustix::io::read(&self.shared.wake, &mut [0u8; 8]);
        }
    }
}

impl Device {
    /// How long what is written now takes until it is heard: by the device, or, where that says nothing (files, `null`), by the time.
    fn waits(&self, now: Duration) -> Result<Duration, Fault> {
        let told = self.playback.delay()?;
        Ok(if told.is_zero() { self.plays_until.saturating_sub(now) } else { told })
    }

    /// Turns the knob to where the volume was set.
    fn turn(&mut self, shared: &Shared) {
        let volume = shared.volume.load(Ordering::Relaxed);
        if let Some(knob) = &self.knob
            && self.knob_at != volume
        {
            if !knob.set(volume) {
                tracing::warn!(volume, "the sound card's mixer does not obey; the volume is set in software");
                self.knob = None;
                shared.facts().mixer = false;
            }
            self.knob_at = volume;
        }
    }
}

/// `CLOCK_MONOTONIC`.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
