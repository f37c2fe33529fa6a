//! The open engine behind the documented API: checks arguments, hands the rest to its threads, answers at once.

mod calls;
mod extensions;
mod push;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use artc_bindings::{
    AudioTranscodingCodec, CallError, CreateError, CreateParams, Engine, EngineFactory, ErrorCode, Event, EventQueue, Extra,
    VideoSource,
};
use rtc::Certificate;
use tokio::sync::mpsc::{Sender, channel, error::TrySendError};

use crate::audio::{AacSettings, AudioInput, AudioThread, Playout, PlayoutSettings};
use crate::clock::Clock;
use crate::command::{self, Command, Local};
use crate::encoder::AccessUnit;
use crate::net::{self, Media, Parts};
use crate::options::Options;
use crate::pts::Axis;
use crate::session::Setup;
use crate::shared::Shared;
use crate::sync::LipSync;
use crate::video::{UnitSink, VideoInput, VideoTrackThread, WatchThread};

/// The open engine. Dropping it releases it.
pub struct OpenEngine {
    events: Arc<EventQueue>,
    shared: Arc<Shared>,
    commands: Sender<Command>,
    media: Sender<Media>,
    video: [Arc<VideoInput>; 2],
    audio: Arc<AudioInput>,
    options: Options,
    clock: Clock,
    /// Where the time stamps of the join lie, in the mode `WithPts`.
    axis: Arc<Axis>,
    threads: Mutex<Threads>,
}

/// What runs beside the callers. Encoders start with their source; all end at the release.
#[derive(Default)]
struct Threads {
    video: [Option<VideoTrackThread>; 2],
    audio: Option<AudioThread>,
    playout: Option<Playout>,
    watch: Option<WatchThread>,
    net: Option<JoinHandle<()>>,
}

/// Tells engines of one process apart where randomness is wanted.
static MADE: AtomicU64 = AtomicU64::new(0);

impl OpenEngine {
    /// An engine that will join channels on the server of `options`.
    pub fn create(options: Options) -> Result<Arc<dyn Engine>, CreateError> {
        Self::create_with(options, &Extra::default())
    }

    /// The same with the documented settings of `extra`.
    pub fn create_with(options: Options, extra: &Extra) -> Result<Arc<dyn Engine>, CreateError> {
        let environment = |what: &str| {
            let what = what.to_owned();
            move |source| CreateError::Environment { what, source }
        };
        if options.local.is_none() {
            net::check_url(&options.url).map_err(|e| CreateError::Setting { what: "url".into(), why: e.to_string() })?;
        }
        let events = Arc::new(EventQueue::new());
        let (shared, clock) = (Arc::new(Shared::default()), Clock::new());
        let (commands, inbox) = channel(command::DEPTH);
        let (media, outbox) = channel(net::MEDIA_DEPTH);
        let video = [(); 2].map(|()| {
            let events = Arc::clone(&events);
            Arc::new(VideoInput::new(move || events.push(Event::PushVideoFrameBufferFull { is_full: false })))
        });
        let told = Arc::clone(&events);
        let audio = Arc::new(AudioInput::new(move || told.push(Event::PushAudioFrameBufferFull { is_full: false })));
        let sync = Arc::new(LipSync::new(clock.now()));
        let loudest = options.receive.loudest;
        let playout = Playout::start(Arc::clone(&events), Arc::clone(&sync), loudest, clock)
            .map_err(environment("thread for received sound"))?;
        let ask = commands.clone();
        let ask_key = Box::new(move |sid| _ = ask.try_send(Command::RemoteKeyFrame(sid)));
        let decoders = options.receive.decoders;
        let watch = WatchThread::start(Arc::clone(&events), sync, ask_key, decoders, clock)
            .map_err(environment("thread for received video"))?;
        let loss = Arc::clone(&audio);
        let seed =
            MADE.fetch_add(1, Ordering::Relaxed) ^ clock.monotonic().as_nanos() as u64 ^ u64::from(std::process::id()) << 32;
        let net = net::start(Parts {
            options: options.clone(),
            setup: Setup {
                latency: options.latency,
                exact_bitrate: options.exact_bitrate,
                local: options.local.is_some(),
                certificate: Certificate::generate(),
                clock,
                shared: Arc::clone(&shared),
                events: Arc::clone(&events),
                video: video.clone(),
                audio: Arc::clone(&audio),
                seed,
            },
            commands: inbox,
            media: outbox,
            playout: playout.handle(),
            watch: watch.handle(),
            sound: sound_settings(extra),
            observer: extra.video_observer_codec,
            on_loss: Box::new(move |share| loss.set_loss((share * 100.0).ceil() as u8)),
        })
        .map_err(environment("thread for the network"))?;
        let threads = Threads { playout: Some(playout), watch: Some(watch), net: Some(net), ..Threads::default() };
        let threads = Mutex::new(threads);
        Ok(Arc::new(Self { events, shared, commands, media, video, audio, options, clock, axis: Arc::default(), threads }))
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a command to the session.
    fn command(&self, method: &'static str, command: Command) -> Result<(), CallError> {
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => CallError::BufferFull { method },
            TrySendError::Closed(_) => CallError::Released { method },
        })
    }

    fn ensure_video_thread(&self, source: VideoSource) -> Result<(), CallError> {
        let mut threads = self.threads();
        let slot = &mut threads.video[source as usize];
        if slot.is_some() {
            return Ok(());
        }
        let (media, commands) = (self.media.clone(), self.commands.clone());
        let sink = Box::new(Sink { media, commands, events: Arc::clone(&self.events) });
        let input = Arc::clone(&self.video[source as usize]);
        let thread = VideoTrackThread::start(source, self.options.encoder, input, sink, self.clock);
        *slot = Some(thread.map_err(|e| self.no_thread("set_external_video_source", &e))?);
        Ok(())
    }

    fn ensure_audio_thread(&self) -> Result<(), CallError> {
        let mut threads = self.threads();
        if threads.audio.is_some() {
            return Ok(());
        }
        let media = self.media.clone();
        let sink = Box::new(move |packet| {
            if media.try_send(Media::Audio(packet)).is_err() {
                metrics::counter!("artc_open_audio_unsent_total").increment(1);
            }
        });
        let thread = AudioThread::start(Arc::clone(&self.audio), sink, self.clock);
        threads.audio = Some(thread.map_err(|e| self.no_thread("set_external_audio_source", &e))?);
        Ok(())
    }

    fn no_thread(&self, method: &'static str, error: &std::io::Error) -> CallError {
        CallError::Failed { method, code: ErrorCode::Inner, why: format!("no thread could be started: {error}") }
    }

    /// Ends everything; see [`Engine::release`].
    fn shut_down(&self) {
        let already = std::mem::replace(&mut self.shared.calls().released, true);
        if already {
            return;
        }
        let threads = std::mem::take(&mut *self.threads());
        let Threads { video, audio, playout, watch, net } = threads;
        drop((video, audio));
        // The session says good-bye first; when its inbox is full it is dead anyway.
        let told = self.commands.try_send(Command::Release).is_ok();
        if let (Some(net), true) = (net, told) {
            let _ = net.join();
        }
        drop((playout, watch));
        self.events.close();
    }
}

/// The documented settings of received sound.
fn sound_settings(extra: &Extra) -> PlayoutSettings {
    PlayoutSettings {
        codec: extra.audio_observer_codec.unwrap_or(AudioTranscodingCodec::Pcm),
        aac: AacSettings { rate: extra.audio_observer_resample_rate, bitrate: extra.audio_observer_codec_bitrate },
        ranking: !extra.disable_audio_ranking,
        ..PlayoutSettings::default()
    }
}

impl Drop for OpenEngine {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// From the video threads to the network thread.
struct Sink {
    media: Sender<Media>,
    commands: Sender<Command>,
    events: Arc<EventQueue>,
}

impl UnitSink for Sink {
    fn unit(&mut self, track: Local, unit: AccessUnit) -> bool {
        let sent = self.media.try_send(Media::Video(track, unit)).is_ok();
        if !sent {
            metrics::counter!("artc_open_units_dropped_total").increment(1);
        }
        sent
    }

    fn camera_key_needed(&mut self, source: VideoSource) {
        self.events.push(Event::KeyFrameNeeded { source });
    }

    fn failed(&mut self, track: Local, why: String) {
        let code = match track {
            Local::Screen => ErrorCode::PublishScreenShareFailed,
            Local::Small => ErrorCode::PublishDualStreamFailed,
            Local::Camera | Local::Microphone => ErrorCode::PublishVideoStreamFailed,
        };
        tracing::error!(?track, why, "video cannot be encoded");
        self.events.push(Event::Error { code, detail: why });
        if track == Local::Small {
            // The big one goes on; a small one is tried again when it is asked for again.
            let _ = self.commands.try_send(Command::Publish(Local::Small, false));
        }
    }
}

/// Makes open engines; the address comes from the options, or from `extra` where it has one.
#[derive(Clone, Debug)]
pub struct OpenFactory {
    /// Options of every engine.
    pub options: Options,
}

impl EngineFactory for OpenFactory {
    fn create_ali_rtc_engine(&self, params: CreateParams) -> Result<Arc<dyn Engine>, CreateError> {
        params.check()?;
        let mut options = self.options.clone();
        if let Some(url) = &params.extra.artc_open_url {
            options.url.clone_from(url);
        }
        OpenEngine::create_with(options, &params.extra)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use artc_bindings::RenderMode;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "numbers are looked at, which say nothing by themselves")]
    fn loops_that_have_nothing_to_do_look_up_now_and_then() {
        let engine = OpenEngine::create(Options::new("ws://127.0.0.1:9")).expect("an engine");
        let loops = engine.extensions().expect("those of the open engine").loops();
        assert_eq!(
            loops.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["engine", "encoder of pictures", "encoder of sound"]
        );
        let threads = loops.iter().filter(|(_, turns)| turns.load(Ordering::Relaxed) != u64::MAX);
        assert_eq!(threads.count(), 1, "nothing is there to encode");
        engine.set_external_audio_source(true, 48_000, 1).expect("a source of sound");
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("a source of pictures");
        for (name, turns) in loops {
            assert_ne!(turns.load(Ordering::Relaxed), u64::MAX, "{name} has a thread");
            let begun = turns.load(Ordering::Relaxed);
            // Three times.
            let looked_up = (0..6000).any(|_| {
                std::thread::sleep(Duration::from_millis(10));
                turns.load(Ordering::Relaxed) >= begun + 6
            });
            assert!(looked_up, "{name}: {begun} turns, and no more");
        }
    }

    #[test]
    fn a_small_stream_that_cannot_be_made_is_told_and_ends() {
        let ((media, _outbox), (commands, mut inbox)) = (channel(1), channel(1));
        let events = Arc::new(EventQueue::new());
        let mut sink = Sink { media, commands, events: Arc::clone(&events) };
        sink.failed(Local::Camera, "no encoder".into());
        assert!(inbox.try_recv().is_err(), "the camera's own track stays");
        sink.failed(Local::Small, "no pictures".into());
        assert!(matches!(inbox.try_recv(), Ok(Command::Publish(Local::Small, false))));
        let codes: Vec<_> = std::iter::from_fn(|| events.try_next())
            .map(|event| if let Event::Error { code, .. } = event { code } else { panic!("{event:?}") })
            .collect();
        assert_eq!(codes, [ErrorCode::PublishVideoStreamFailed, ErrorCode::PublishDualStreamFailed]);
    }
}
