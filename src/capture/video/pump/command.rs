//! What the capture thread is asked to do, and doing it.

use std::sync::mpsc::SyncSender;

use media::Size;

use super::super::config::Config;
use super::super::control::{Control, ControlError};
use super::super::hotplug::Hotplug;
use super::super::identity::{Target, is_meant, scan};
use super::super::mode::{FourCc, Mode, Rate};
use super::super::state::CameraEvent;
use super::super::{ModeError, SelectError};
use super::retry::Retry;
use super::{Pump, Source, clock};

/// What the capture thread is asked to do.
#[derive(Debug)]
pub(in super::super) enum Command {
    SetControl {
        which: String,
        value: i64,
        reply: SyncSender<Result<Control, ControlError>>,
    },
    SetMode {
        size: Size,
        fps: f64,
        reply: SyncSender<Result<Mode, ModeError>>,
    },
    Controls {
        reply: SyncSender<Vec<Control>>,
    },
    Select {
        source: String,
        reply: SyncSender<Result<(), SelectError>>,
    },
    /// Look at whether the device may be open.
    Privacy {
        reply: SyncSender<()>,
    },
    KeyFrame {
        reply: SyncSender<bool>,
    },
    Bitrate {
        kbps: u32,
        reply: SyncSender<bool>,
    },
}

impl Pump {
    pub(super) fn obey(&mut self, command: Command, source: Source) -> Source {
        // A reply that nobody waits for any more is not an error of ours.
        match (command, source) {
            (Command::SetControl { which, value, reply }, Source::Camera(mut live)) => {
                let done = live.set_control(&which, value, &self.shared);
                if let Ok(control) = &done {
                    self.set.retain(|(name, _)| *name != control.name);
                    self.set.push((control.name.clone(), value));
                }
                let _ = reply.send(done);
                Source::Camera(live)
            }
            (Command::SetControl { which, value, reply }, Source::Pattern { mut drawn, retry }) => {
                let done = self.knobs.set(&which, value);
                if let Ok(control) = &done {
                    drawn.set_look(self.knobs.look());
                    self.shared.facts().controls = self.knobs.controls().to_vec();
                    let _ = self.shared.events.send(CameraEvent::Control(control.clone()));
                }
                let _ = reply.send(done);
                Source::Pattern { drawn, retry }
            }
            (Command::SetControl { which, reply, .. }, Source::File(played)) => {
                let _ = reply.send(Err(ControlError::Unknown { name: which }));
                Source::File(played)
            }
            (Command::SetControl { reply, .. }, source) => {
                let _ = reply.send(Err(ControlError::NoCamera { why: self.shared.facts().detail.clone() }));
                source
            }
            (Command::Controls { reply }, Source::Camera(mut live)) => {
                let _ = reply.send(live.read_controls().to_vec());
                Source::Camera(live)
            }
            (Command::Controls { reply }, source) => {
                let shown = if matches!(source, Source::Pattern { .. }) { self.knobs.controls().to_vec() } else { Vec::new() };
                let _ = reply.send(shown);
                source
            }
            (Command::Select { source: wanted, reply }, source) => {
                let (answer, source) = self.select(wanted, source);
                let _ = reply.send(answer);
                source
            }
            (Command::Privacy { reply }, source) => {
                let source = self.rest(source);
                let _ = reply.send(());
                source
            }
            (Command::SetMode { size, fps, reply }, source) => self.set_mode(size, fps, &reply, source),
            (Command::KeyFrame { reply }, Source::File(mut played)) => {
                let _ = reply.send(played.request_key_frame());
                Source::File(played)
            }
            (Command::KeyFrame { reply }, source) => {
                let _ = reply.send(matches!(&source, Source::Camera(live) if live.request_key_frame()));
                source
            }
            (Command::Bitrate { kbps, reply }, source) => {
                let _ = reply.send(matches!(&source, Source::Camera(live) if live.set_bitrate(kbps)));
                source
            }
        }
    }

    fn select(&mut self, wanted: String, source: Source) -> (Result<(), SelectError>, Source) {
        if matches!(source, Source::Private(_)) {
            return (Err(SelectError::Failed { why: self.shared.facts().detail.clone() }), source);
        }
        let target = Target::parse(&wanted);
        if let (Target::Id(id), Source::Camera(live)) = (&target, &source)
            && is_meant(id, &live.identity)
        {
            (self.target, self.config.source) = (target, wanted);
            return (Ok(()), source);
        }
        if let Target::Id(id) = &target
            && !scan().iter().any(|one| one.opened.as_ref().is_ok_and(|found| is_meant(id, &found.identity)))
        {
            return (Err(SelectError::Unknown { id: wanted }), source);
        }
        let before = (
            std::mem::replace(&mut self.target, target),
            std::mem::replace(&mut self.config.source, wanted),
            self.known.take(),
            std::mem::take(&mut self.set),
        );
        self.hotplug = self.hotplug.take().or_else(Hotplug::new);
        // Two streams at once may be more than their bus carries.
        drop(source);
        if self.target == Target::Pattern {
            return (Ok(()), self.begin(None));
        }
        match self.connect(false) {
            Ok(found) => (Ok(()), self.take_up(found, None)),
            Err(lost) => {
                (self.target, self.config.source, self.known, self.set) = before;
                (Err(SelectError::Failed { why: lost.detail }), self.begin(None))
            }
        }
    }

    fn set_mode(&mut self, size: Size, fps: f64, reply: &SyncSender<Result<Mode, ModeError>>, source: Source) -> Source {
        let config = Config { width: size.width, height: size.height, fps, ..self.config.clone() };
        let (answer, source) = match source {
            Source::Camera(mut live) => match live.set_mode(&config, &self.config, clock()) {
                Ok(Ok(mode)) => {
                    self.config = config;
                    self.tell(&mut live);
                    (Ok(mode), Source::Camera(live))
                }
                Ok(Err(why)) => (Err(ModeError::NoMode { why }), Source::Camera(live)),
                Err(lost) => {
                    drop(live);
                    let why = lost.detail.clone();
                    (Err(ModeError::NoCamera { why }), self.show_lost(lost, Retry::new(clock()), None))
                }
            },
            Source::Pattern { retry, .. } => {
                self.config = config;
                let detail = self.shared.facts().detail.clone();
                let source = self.pattern(&detail, retry);
                let mode = Mode { fourcc: FourCc(*b"YU12"), size, fps: Rate::from_fps(fps) };
                (Ok(mode), source)
            }
            Source::File(mut played) => match played.set_mode(&config) {
                Ok(mode) => {
                    self.config = config;
                    (Ok(mode), self.use_file(played))
                }
                Err(why) => (Err(ModeError::NoMode { why }), Source::File(played)),
            },
            source => (Err(ModeError::NoCamera { why: self.shared.facts().detail.clone() }), source),
        };
        let _ = reply.send(answer);
        source
    }
}
