//! The microphone's thread: the shell that owns device, clock and waiting. What becomes of samples is for [`super::timeline`], which
//! device for [`super::card`].

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use alsa::poll::pollfd;
use media::pcm::Gain;
use metrics::counter;
use rustix::time::{ClockId, clock_gettime};

use super::alsa::{self as device, Capture};
use super::state::Phase;
use super::timeline::{Done, Timeline};
use super::tone::Tone;
use super::{Config, Shared, devices};
use crate::soundcard::{Fault, Identity, Knob, Loss, OpenError, Pulse, Way, factor};

/// How long until a lost device is looked for again: some file reads while it is not there. One that is there and does not open is
/// tried less and less often, down to [`RETRY_MOST`].
const RETRY: Duration = Duration::from_millis(250);
const RETRY_MOST: Duration = Duration::from_secs(2);
/// How often "auto" looks for a card while the tone plays.
const LOOK: Duration = Duration::from_secs(1);
/// How long "auto" waits for the card it had before it takes another.
const FAITHFUL: Duration = Duration::from_secs(10);
/// Samples that are this late are stood in for by silence: above a slow machine's scheduling. A device of long periods gets three.
const LATE: Duration = Duration::from_millis(120);
/// A device without samples for this long is started again.
const STALLED: Duration = Duration::from_millis(500);
/// And for this long, whatever was done about it, is given up and opened anew.
const DEAD: Duration = Duration::from_millis(1200);
/// When the thread did not run for this long (the machine was stopped), the time is skipped instead of filled with silence.
const ABSENT: Duration = Duration::from_secs(2);

pub(super) struct Pump {
    config: Config,
    shared: Arc<Shared>,
    timeline: Option<Timeline>,
    /// The device in use, or lost.
    device: Option<Identity>,
    /// The volume in software, on its way from block to block.
    gain: Gain,
    /// What is waited on; kept so that waiting allocates nothing.
    waiting: Vec<pollfd>,
}

/// Where samples come from at the moment.
enum Source {
    Tone {
        tone: Tone,
        look_at: Option<Duration>,
    },
    Device(Box<Device>),
    Lost {
        since: Duration,
        again_at: Duration,
        wait: Duration,
    },
    /// No device is open.
    Private,
}

/// A device that runs.
struct Device {
    capture: Capture,
    knob: Option<Knob>,
    /// The volume that the knob was set to.
    knob_at: u8,
    /// Whether it gives samples.
    pulse: Pulse,
    /// When it was started last.
    started_at: Duration,
    /// It gave samples.
    proven: bool,
}

impl Pump {
    pub(super) fn new(config: Config, shared: Arc<Shared>) -> Self {
        Self { config, shared, timeline: None, device: None, gain: Gain::new(0.0), waiting: Vec::new() }
    }

    /// Runs until the microphone is dropped.
    pub(super) fn run(mut self) {
        let now = clock();
        let mut source = match self.config.source.as_str() {
            _ if self.shared.private.load(Ordering::Acquire) => self.hide(Source::Private, now),
            "tone" => self.tone(now, "built-in tone", false),
            _ => self.look(now, now, RETRY),
        };
        while !self.shared.stop.load(Ordering::Acquire) {
            let now = clock();
            let private = self.shared.private.load(Ordering::Acquire);
            source = match source {
                Source::Private if private => {
                    self.silence(now, LATE);
                    Source::Private
                }
                Source::Private if self.config.source == "tone" => self.tone(now, "built-in tone", false),
                Source::Private => self.look(now, now, RETRY),
                source if private => self.hide(source, now),
                Source::Tone { tone, look_at } => self.play(tone, look_at, now),
                Source::Device(device) => self.listen(device, now),
                Source::Lost { since, again_at, wait } => {
                    self.silence(now, LATE);
                    if now >= again_at { self.look(now, since, wait) } else { Source::Lost { since, again_at, wait } }
                }
            };
            self.wait(&source);
        }
        self.shared.ring.close();
    }

    fn tone(&mut self, now: Duration, why: &str, look: bool) -> Source {
        self.say(Phase::Tone, why);
        self.timeline = None;
        Source::Tone { tone: Tone::new(self.shared.format, now), look_at: look.then_some(now + LOOK) }
    }

    fn play(&mut self, mut tone: Tone, look_at: Option<Duration>, now: Duration) -> Source {
        if tone.due() + ABSENT < now {
            tone = Tone::new(self.shared.format, now);
        }
        while let Some(block) = tone.next(now) {
            emit(&self.shared, &mut self.gain, Done { block, silent: false }, false);
        }
        match look_at {
            Some(at) if now >= at => {
                if devices().is_empty() {
                    return Source::Tone { tone, look_at: Some(now + LOOK) };
                }
                // The row goes on where the tone ends.
                let end = tone.due().saturating_sub(Duration::from_millis(10));
                self.timeline = Some(Timeline::new(self.shared.format, end));
                self.look(now, now, RETRY)
            }
            look_at => Source::Tone { tone, look_at },
        }
    }

    /// Looks for the device and opens it; `since` is when it was lost.
    fn look(&mut self, now: Duration, since: Duration, wait: Duration) -> Source {
        match self.open(now.saturating_sub(since)) {
            Ok(Some((capture, device))) => self.begin(capture, device, now),
            Ok(None) => self.tone(now, "built-in tone: this machine has no sound card that captures", true),
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
                self.timeline.get_or_insert_with(|| Timeline::new(self.shared.format, now));
                Source::Lost { since, again_at: now + wait, wait: (wait * 2).min(RETRY_MOST) }
            }
        }
    }

    /// The device to use, opened; nothing when "auto" finds no card at all.
    fn open(&self, lost_for: Duration) -> Result<Option<(Capture, Option<Identity>)>, OpenError> {
        let format = self.shared.format;
        let source = self.config.source.as_str();
        let all = devices();
        let mine: Vec<&Identity> = match &self.device {
            _ if source != "auto" => all.iter().filter(|device| device.is_meant_by(source)).collect(),
            Some(had) if lost_for < FAITHFUL => all.iter().filter(|device| device.id == had.id).collect(),
            _ => all.iter().collect(),
        };
        if mine.is_empty() && source == "auto" {
            return match &self.device {
                Some(had) => Err(OpenError::missing(&had.name)),
                None => Ok(None),
            };
        }
        if mine.is_empty() {
            // Not one of the cards, so perhaps a name that ALSA's own configuration knows.
            return Capture::open(source, format).map(|capture| Some((capture, None)));
        }
        let mut first_error = None;
        for identity in mine {
            match device::open(identity, format) {
                Ok(capture) => return Ok(Some((capture, Some(identity.clone())))),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(None), Err)
    }

    fn begin(&mut self, capture: Capture, device: Option<Identity>, now: Duration) -> Source {
        let knob = device.as_ref().and_then(|device| Knob::open(&device.mixer_name(), Way::In));
        let knob_at = match knob.as_ref().and_then(Knob::get) {
            Some(percent) if !self.shared.volume_set.load(Ordering::Acquire) => {
                self.shared.volume.store(percent, Ordering::Relaxed);
                percent
            }
            // Set by a command before this card came: unlike anything the knob can stand at, so that it is turned.
            _ => u8::MAX,
        };
        {
            let mut facts = self.shared.facts();
            facts.mixer = knob.is_some();
            facts.device.clone_from(&device);
        }
        self.device = device.or(self.device.take());
        // Silence until its first sample, to the sample.
        self.timeline.get_or_insert_with(|| Timeline::new(self.shared.format, now)).interrupted();
        Source::Device(Box::new(Device { capture, knob, knob_at, pulse: Pulse::new(now), started_at: now, proven: false }))
    }

    fn listen(&mut self, mut device: Box<Device>, now: Duration) -> Source {
        device.turn(&self.shared);
        device.pulse.look(now, STALLED);
        loop {
            let fault = match device.capture.read(now) {
                Ok(Some(chunk)) => {
                    let more = chunk.more;
                    let timeline = self.timeline.get_or_insert_with(|| Timeline::new(self.shared.format, chunk.first_at));
                    catch_up(timeline, chunk.first_at);
                    let by_mixer = device.knob.is_some();
                    timeline.samples(chunk.first_at, chunk.samples, |done| emit(&self.shared, &mut self.gain, done, by_mixer));
                    device.pulse.moved(now);
                    if !std::mem::replace(&mut device.proven, true) {
                        self.live(&device.capture);
                    }
                    if more {
                        continue;
                    }
                    break;
                }
                Ok(None) if device.pulse.still_for(now).min(now.saturating_sub(device.started_at)) > STALLED => {
                    Fault::Failed("samples stand still".to_owned())
                }
                Ok(None) => break,
                Err(fault) => fault,
            };
            if let Err(source) = self.recover(&mut device, fault, now) {
                return source;
            }
            break;
        }
        self.note(&device.capture);
        self.silence(now, LATE.max(device.capture.period() * 3));
        Source::Device(device)
    }

    /// Starts the device again, or gives it up.
    fn recover(&mut self, device: &mut Device, fault: Fault, now: Duration) -> Result<(), Source> {
        let name = device.capture.name().to_owned();
        if device.pulse.still_for(now) > DEAD && fault != Fault::Gone {
            return Err(self.lost(Loss::Stalled, &format!("{name}: gives no samples ({fault})"), now));
        }
        let done = match &fault {
            Fault::Xrun => {
                self.shared.facts().overruns += 1;
                counter!("artc_capture_audio_overruns_total").increment(1);
                device.capture.restart().map(|()| true)
            }
            Fault::Suspended => device.capture.resume(),
            Fault::Failed(why) => {
                tracing::warn!(microphone = name, why, "microphone is started again");
                device.capture.restart().map(|()| true)
            }
            Fault::Gone => Err(Fault::Gone),
        };
        match done {
            // Not awake yet: asked again after the next wait.
            Ok(false) => Ok(()),
            Ok(true) => {
                if fault != Fault::Xrun {
                    self.shared.facts().restarts += 1;
                    counter!("artc_capture_audio_restarts_total").increment(1);
                }
                // A start alone is no proof: only samples are a pulse.
                device.started_at = now;
                if let Some(timeline) = &mut self.timeline {
                    timeline.interrupted();
                }
                Ok(())
            }
            Err(Fault::Gone) => Err(self.lost(Loss::Unplugged, &format!("{name}: unplugged"), now)),
            Err(fault) => Err(self.lost(Loss::Failed, &format!("{name}: {fault}"), now)),
        }
    }

    fn live(&self, capture: &Capture) {
        let mut facts = self.shared.facts();
        facts.recoveries += u64::from(matches!(facts.phase, Phase::Lost(_)));
        let detail = match &self.device {
            Some(device) => format!("{} ({})", device.name, capture.name()),
            None => capture.name().to_owned(),
        };
        drop(facts);
        self.say(Phase::Live, &detail);
    }

    fn lost(&mut self, loss: Loss, why: &str, now: Duration) -> Source {
        self.say(Phase::Lost(loss), why);
        self.timeline.get_or_insert_with(|| Timeline::new(self.shared.format, now)).interrupted();
        Source::Lost { since: now, again_at: now + RETRY, wait: RETRY }
    }

    /// Lets go of the device; silence goes out from where its sound ends.
    fn hide(&mut self, source: Source, now: Duration) -> Source {
        let end = match &source {
            Source::Tone { tone, .. } => tone.due().saturating_sub(Duration::from_millis(10)),
            Source::Device(_) | Source::Lost { .. } | Source::Private => now,
        };
        drop(source);
        self.timeline.get_or_insert_with(|| Timeline::new(self.shared.format, end)).interrupted();
        self.say(Phase::Private, "closed for privacy");
        Source::Private
    }

    /// Stands in for samples that are later than they may be.
    fn silence(&mut self, now: Duration, late: Duration) {
        if let Some(timeline) = &mut self.timeline {
            let until = now.saturating_sub(late);
            catch_up(timeline, until);
            if timeline.next() + Duration::from_millis(10) <= until {
                timeline.silence_until(until, |done| emit(&self.shared, &mut self.gain, done, true));
            }
            self.shared.facts().repairs = timeline.repairs();
        }
    }

    fn note(&self, capture: &Capture) {
        self.shared.facts().driver_timestamps = capture.driver_timestamps();
    }

    /// Remembers what is heard, and says so when it changed.
    fn say(&self, phase: Phase, detail: &str) {
        let mut facts = self.shared.facts();
        let changed = facts.phase != phase;
        if !changed && facts.detail == detail {
            return;
        }
        facts.phase = phase;
        facts.detail = detail.into();
        if phase == Phase::Tone {
            (facts.device, facts.mixer) = (None, false);
        }
        drop(facts);
        match phase {
            Phase::Lost(_) => tracing::warn!(?phase, detail, "microphone"),
            _ => tracing::info!(?phase, detail, "microphone"),
        }
        if changed {
            // Nobody listens: nobody wants to know.
            let _ = self.shared.events.send(phase);
        }
    }

    /// Waits for samples, for a wish, or until something is due.
    fn wait(&mut self, source: &Source) {
        let fds = &mut self.waiting;
        fds.clear();
        fds.push(pollfd { fd: self.shared.wake.as_raw_fd(), events: libc::POLLIN, revents: 0 });
        let due = match source {
            Source::Tone { tone, .. } => tone.due(),
            Source::Device(device) => {
                fds.extend_from_slice(device.capture.descriptors());
                clock() + LATE / 2
            }
            Source::Lost { again_at, .. } => (*again_at).min(clock() + LATE / 2),
            Source::Private => clock() + LATE / 2,
        };
        // Rounded up, so as not to wake in vain.
        let millis = due.saturating_sub(clock()).as_micros().div_ceil(1000);
        // An interrupted wait is a wait that ended early.
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        let _ = alsa::poll::poll(fds, i32::try_from(millis).unwrap_or(1000));
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        if fds[0].revents & libc::POLLIN != 0 {
            let _ = rustix::io::read(&self.shared.wake, &mut [0u8; 8]);
        }
    }
}

impl Device {
    /// Turns the knob to where the volume was set.
    fn turn(&mut self, shared: &Shared) {
        let volume = shared.volume.load(Ordering::Relaxed);
        if let Some(knob) = &self.knob
            && self.knob_at != volume
            && shared.volume_set.load(Ordering::Acquire)
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

/// Skips a time in which this thread did not run.
fn catch_up(timeline: &mut Timeline, to: Duration) {
    if timeline.next() + ABSENT < to {
        timeline.skip_to(to);
    }
}

fn emit(shared: &Shared, gain: &mut Gain, done: Done, full_volume: bool) {
    let Done { mut block, silent } = done;
    let volume = shared.volume.load(Ordering::Relaxed);
    // A knob at its lowest position still lets something through; 0 means silence.
    let volume = if full_volume && volume > 0 { 100 } else { volume };
    let muted = shared.muted.load(Ordering::Relaxed) || shared.private.load(Ordering::Relaxed);
    gain.set(factor(volume, muted));
    let channels = block.format.channels;
    gain.apply(block.samples_mut(), channels);
    if !silent {
        shared.level.hear(block.samples());
    }
    shared.ring.push(block, silent);
}

/// `CLOCK_MONOTONIC`, the clock of the drivers' timestamps.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
