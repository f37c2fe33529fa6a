//! What a case plays on: a channel of its own, actors with their engines, and waiting that ends.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::{AudioFormat, ChannelProfile, ClientRole, JoinChannelConfig, PublishMode, SubscribeMode};
use crate::contract::{Driver, Fault, Outcome};
use crate::engine::Engine;
use crate::error::{CallError, ErrorCode};
use crate::event::Event;
use crate::sample::{SampleBytes, VideoDataSample};
use crate::track::{RenderMode, VideoSource};

/// How much time passes between two looks at the queues.
const STEP: Duration = Duration::from_millis(10);
/// Size of the suite's pictures.
pub(super) const SIZE: (u32, u32) = (320, 180);
/// Rate of the suite's sound.
pub(super) const RATE: u32 = 48_000;

pub(super) struct Stage<'d> {
    driver: &'d mut dyn Driver,
    pub(super) channel: String,
    actors: Vec<Actor>,
    /// Time that the case has let pass.
    elapsed: Duration,
    /// Numbers of the calls that were refused as they should be.
    codes: HashSet<ErrorCode>,
}

/// Number of an actor on the stage.
pub(super) type Who = usize;

struct Actor {
    name: String,
    engine: Arc<dyn Engine>,
    /// Everything told, in order.
    told: Vec<Event>,
    /// How far the case has looked.
    looked: usize,
    pictures: i64,
}

impl<'d> Stage<'d> {
    pub(super) fn new(driver: &'d mut dyn Driver, number: usize) -> Self {
        Self { driver, channel: format!("contract-{number}"), actors: Vec::new(), elapsed: Duration::ZERO, codes: HashSet::new() }
    }

    /// A new engine for a user of this name; several may share one.
    pub(super) fn actor(&mut self, name: &str) -> Result<Who, Fault> {
        let engine = self.driver.engine().map_err(|why| format!("no engine: {why}"))?;
        self.actors.push(Actor { name: name.to_owned(), engine, told: Vec::new(), looked: 0, pictures: 0 });
        Ok(self.actors.len() - 1)
    }

    pub(super) fn engine(&self, who: Who) -> &dyn Engine {
        &*self.actors[who].engine
    }

    pub(super) fn driver(&mut self) -> &mut dyn Driver {
        self.driver
    }

    // --- Joining ---

    /// Asks for the join with a good token.
    pub(super) fn ask_to_join(&mut self, who: Who, config: &JoinChannelConfig) -> Result<(), CallError> {
        let (channel, name) = (self.channel.clone(), self.actors[who].name.clone());
        let token = self.driver.token(&channel, &name);
        self.actors[who].engine.join_channel(&token, &channel, &name, &name, config)
    }

    /// Joins and waits until it is done.
    pub(super) fn join(&mut self, who: Who, config: &JoinChannelConfig) -> Outcome {
        self.ask_to_join(who, config)?;
        match self.join_result(who)? {
            ErrorCode::Ok => Ok(()),
            code => Err(Fault::Broken(format!("the join of {} was refused: {code}", self.actors[who].name))),
        }
    }

    pub(super) fn join_result(&mut self, who: Who) -> Result<ErrorCode, Fault> {
        self.wait(who, "OnJoinChannelResult", |event| match event {
            Event::JoinChannelResult { result, .. } => Some(*result),
            _ => None,
        })
    }

    /// A user who broadcasts in Communication, without anything subscribed.
    pub(super) fn publisher(&mut self, name: &str) -> Result<Who, Fault> {
        let who = self.actor(name)?;
        self.prepare(who)?;
        self.join(who, &publishing())?;
        Ok(who)
    }

    /// Switches the external inputs of an engine on.
    pub(super) fn prepare(&mut self, who: Who) -> Outcome {
        let engine = self.engine(who);
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
        engine.set_external_audio_source(true, RATE, 1)?;
        Ok(())
    }

    pub(super) fn leave(&mut self, who: Who) -> Outcome {
        self.engine(who).leave_channel()?;
        self.wait(who, "OnLeaveChannelResult", |event| match event {
            Event::LeaveChannelResult { result } => Some(*result),
            _ => None,
        })
        .map(|_| ())
    }

    // --- Media ---

    /// Pushes one picture of `SIZE`; each is a little different from the one before.
    pub(super) fn push_picture(&mut self, who: Who) -> Result<(), CallError> {
        let actor = &mut self.actors[who];
        actor.pictures += 1;
        let (w, h) = SIZE;
        let luma = (w * h) as usize;
        let mut bytes = vec![128_u8; luma * 3 / 2];
        for (n, byte) in bytes[..luma].iter_mut().enumerate() {
            *byte = u8::try_from((n / w as usize + n % w as usize + 4 * actor.pictures as usize) % 256).unwrap_or(0);
        }
        let bytes: SampleBytes = Arc::new(bytes);
        let at = self.elapsed;
        let sample = VideoDataSample::i420(bytes, w, h, i64::try_from(at.as_millis()).unwrap_or(0), None);
        actor.engine.push_external_video_frame(&sample, VideoSource::Camera)
    }

    /// Pushes 10 ms of a 440 Hz tone.
    pub(super) fn push_sound(&mut self, who: Who) -> Result<(), CallError> {
        let at = i64::try_from(self.elapsed.as_millis()).unwrap_or(0);
        let count = RATE / 100;
        let pcm: Vec<u8> = (0..count)
            .flat_map(|n| {
                let phase = f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(RATE);
                #[expect(clippy::cast_possible_truncation, reason = "within -8000..=8000")]
                let sample = (phase.sin() * 8000.0) as i16;
                sample.to_le_bytes()
            })
            .collect();
        self.actors[who].engine.push_external_audio_frame_raw_data(&pcm, at)
    }

    // --- Waiting ---

    /// Time that the case has let pass.
    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Lets time pass without waiting for anything.
    pub(super) fn pass(&mut self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(STEP);
            self.driver.pass(step);
            self.elapsed += step;
            left -= step;
        }
        self.listen();
    }

    /// Waits for an event that `pick` takes; what comes before it is passed over.
    pub(super) fn wait<T>(&mut self, who: Who, what: &str, pick: impl Fn(&Event) -> Option<T>) -> Result<T, Fault> {
        self.wait_while(who, what, |_| Ok(()), pick)
    }

    /// Waits while pushing picture and sound of `pusher`.
    pub(super) fn wait_pushing<T>(
        &mut self,
        pusher: Who,
        who: Who,
        what: &str,
        pick: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, Fault> {
        let mut n = 0_u32;
        self.wait_while(
            who,
            what,
            |stage| {
                n += 1;
                ignore_full(stage.push_sound(pusher))?;
                // 33 pictures a second.
                if n.is_multiple_of(3) { ignore_full(stage.push_picture(pusher)) } else { Ok(()) }
            },
            pick,
        )
    }

    /// Waits while doing something at every step.
    pub(super) fn wait_while<T>(
        &mut self,
        who: Who,
        what: &str,
        mut meanwhile: impl FnMut(&mut Self) -> Outcome,
        pick: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, Fault> {
        let until = self.elapsed + self.driver.patience();
        loop {
            self.listen();
            let actor = &mut self.actors[who];
            while actor.looked < actor.told.len() {
                actor.looked += 1;
                if let Some(found) = pick(&actor.told[actor.looked - 1]) {
                    return Ok(found);
                }
            }
            if self.elapsed >= until {
                let name = &self.actors[who].name;
                return Err(Fault::Broken(format!("{name} was never told {what}")));
            }
            meanwhile(self)?;
            self.driver.pass(STEP);
            self.elapsed += STEP;
        }
    }

    /// Passes over everything that an actor was told so far.
    pub(super) fn look_on(&mut self, who: Who) {
        self.actors[who].looked = self.told(who).len();
    }

    /// Everything told to an actor so far.
    pub(super) fn told(&mut self, who: Who) -> &[Event] {
        self.listen();
        &self.actors[who].told
    }

    fn listen(&mut self) {
        for actor in &mut self.actors {
            let queue = actor.engine.event_handler();
            actor.told.extend(std::iter::from_fn(|| queue.try_next()));
        }
    }

    /// What each actor was told, for a failure's text; media in a row are one line.
    pub(super) fn story(&mut self) -> String {
        self.listen();
        let mut lines = Vec::new();
        for actor in &self.actors {
            lines.push(format!("  {}:", actor.name));
            let mut last = String::new();
            for event in &actor.told {
                let line = format!("    {event:?}");
                if event.class() != crate::event::EventClass::Media || last != event.name() {
                    lines.push(line);
                }
                event.name().clone_into(&mut last);
            }
        }
        lines.join("\n")
    }

    // --- Refusals ---

    /// Checks that a call was refused with this number.
    pub(super) fn refused(&mut self, what: &str, answer: Result<(), CallError>, code: ErrorCode) -> Outcome {
        match answer {
            Err(error @ CallError::Unsupported { .. }) => Err(error.into()),
            Err(error) if error.code() == code => {
                self.codes.insert(code);
                Ok(())
            }
            other => broken(format!("{what}: {other:?}, not {code}")),
        }
    }

    /// Releases every engine; gives the numbers that came.
    pub(super) fn clear(&mut self) -> HashSet<ErrorCode> {
        self.listen();
        let mut codes = std::mem::take(&mut self.codes);
        for actor in self.actors.drain(..) {
            actor.engine.release();
            codes.extend(actor.told.iter().filter_map(|event| match event {
                Event::Error { code, .. } => Some(*code),
                Event::JoinChannelResult { result, .. } | Event::LeaveChannelResult { result } => Some(*result),
                _ => None,
            }));
        }
        codes
    }
}

/// A full buffer is no fault of who pushes at a steady pace on a slow machine.
pub(super) fn ignore_full(answer: Result<(), CallError>) -> Outcome {
    match answer {
        Ok(()) | Err(CallError::BufferFull { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Communication, publishing by itself, subscribing nothing.
pub(super) fn publishing() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        ..JoinChannelConfig::default()
    }
}

/// Communication, publishing nothing, subscribing everybody.
pub(super) fn watching() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        subscribe_mode: SubscribeMode::Automatically,
        subscribe_audio_format: AudioFormat::PcmBeforeMixing,
        ..JoinChannelConfig::default()
    }
}

/// The interactive profile, publishing by itself, subscribing nothing.
pub(super) fn interactive() -> JoinChannelConfig {
    JoinChannelConfig { channel_profile: ChannelProfile::InteractiveLive, ..publishing() }
}

/// Becomes a broadcaster or a viewer, where the engine has roles.
pub(super) fn role(engine: &dyn Engine, role: ClientRole) -> Outcome {
    Ok(engine.set_client_role(role)?)
}

/// Ends a case that did not get what it asked for.
pub(super) fn broken<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Broken(why.into()))
}

/// Checks a fact.
pub(super) fn must(holds: bool, why: &str) -> Outcome {
    if holds { Ok(()) } else { broken(why) }
}
