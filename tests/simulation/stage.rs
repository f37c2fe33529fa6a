//! Carries a session through virtual time and checks its laws at every step.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::fake::{FakeEngine, Fault, World, WorldConfig};
use artc_bindings::{
    CallError, Engine, JoinChannelConfig, Secret, SubscribeMode, VideoDataSample, VideoEncoderConfiguration, VideoSource,
};
use artc_edge::session::{Call, Config, Input, MAX_PAUSE, Output, Phase, Session, Ticket};

use crate::script::{Action, Tokens};

const CAMERA: &str = "cam";
const CHANNEL: &str = "yard";
/// Outputs of one input beyond which the session counts as running wild.
const MOST_OUTPUTS: usize = 64;
/// Longest time between two looks at the world.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Stage {
    world: Arc<World>,
    engine: Arc<FakeEngine>,
    viewer: Arc<FakeEngine>,
    session: Session,
    wanted: bool,
    unwanted_since: Option<Duration>,
    wake: Option<Duration>,
    tokens: Tokens,
    /// When an asked-for token arrives.
    token_due: Option<Duration>,
    /// Times that somebody other than the session's own pauses may have caused an attempt.
    prods: u64,
    trace: Vec<String>,
}

impl Stage {
    pub fn new(seed: u64) -> Self {
        let world = World::new(WorldConfig::default());
        let engine = world.engine();
        let viewer = world.engine();
        let config = JoinChannelConfig { subscribe_mode: SubscribeMode::Automatically, ..JoinChannelConfig::default() };
        viewer.join_channel("t", CHANNEL, "viewer", "", &config).expect("the viewer joins");
        let session = Session::new(Config {
            join: JoinChannelConfig::default(),
            encoder: VideoEncoderConfiguration::default(),
            video: true,
            audio: Some((48_000, 1)),
            volume: 100,
            dual: false,
            profile: None,
            muted: (false, false),
            seed,
        });
        Self {
            world,
            engine,
            viewer,
            session,
            wanted: false,
            unwanted_since: Some(Duration::ZERO),
            wake: None,
            tokens: Tokens::Ready,
            token_due: None,
            prods: 1,
            trace: Vec::new(),
        }
    }

    pub fn now(&self) -> Duration {
        self.world.now()
    }

    pub fn phase(&self) -> Phase {
        self.session.status().phase
    }

    pub fn attempts(&self) -> u64 {
        self.session.status().attempts
    }

    pub fn joins(&self) -> u64 {
        self.session.status().joins
    }

    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    pub fn viewer_sees_camera(&self) -> bool {
        let extensions = self.viewer.extensions().expect("the fake engine has extensions");
        extensions.participants().iter().any(|p| p.identity == CAMERA)
    }

    pub fn join(&mut self) {
        self.wanted = true;
        self.unwanted_since = None;
        self.prods += 1;
        self.give(Input::Join);
    }

    pub fn leave(&mut self) {
        if self.wanted {
            self.unwanted_since = Some(self.now());
        }
        self.wanted = false;
        self.give(Input::Leave);
    }

    /// Nothing goes wrong from here on.
    pub fn calm(&mut self) {
        self.tokens = Tokens::Ready;
        self.world.inject(Fault::ForgetJoins { user: CAMERA.to_owned() });
        self.act(Action::LinkUp);
        self.join();
    }

    pub fn act(&mut self, action: Action) {
        self.note(&format!("! {action:?}"));
        let user = CAMERA.to_owned();
        match action {
            Action::LinkDown => self.world.inject(Fault::LinkDown),
            Action::LinkUp => {
                self.world.inject(Fault::LinkUp);
                self.prods += 1;
                self.give(Input::LinkUp);
            }
            Action::LinkUpUnseen => self.world.inject(Fault::LinkUp),
            Action::FalseHope => {
                self.prods += 1;
                self.give(Input::LinkUp);
            }
            Action::Remove => self.world.inject(Fault::Remove { user }),
            Action::Error(code) => self.world.inject(Fault::Error { user, code }),
            Action::NextJoin(outcome) => self.world.inject(Fault::NextJoin { user, outcome }),
            Action::Tokens(tokens) => self.tokens = tokens,
            Action::Leave => self.leave(),
            Action::Join => self.join(),
            Action::Mute(medium, mute) => self.give(Input::Mute(medium, mute)),
        }
        self.listen();
    }

    pub fn run_until(&mut self, until: Duration) {
        while self.now() < until {
            self.step(until);
        }
    }

    /// Goes to whatever is due next, at most to `until`.
    pub fn step(&mut self, until: Duration) {
        let now = self.now();
        let told = (!self.engine.event_handler().is_empty()).then_some(now);
        let due = [told, self.wake, self.token_due, self.world.next_due()].into_iter().flatten().min().unwrap_or(until);
        // In calm hours nothing is due; the camera still pushes a picture now and then.
        let next = due.min(until).min(now + PATIENCE).max(now);
        self.world.advance(next - now);
        self.push();
        self.listen();
        let now = self.now();
        if self.token_due.is_some_and(|due| now >= due) {
            self.token_due = None;
            let ticket = Ticket {
                token: Secret::new("token"),
                channel: CHANNEL.into(),
                user_id: CAMERA.into(),
                user_name: "Camera".into(),
            };
            let answer = if self.tokens == Tokens::Refused { Err("the app server says no".into()) } else { Ok(ticket) };
            self.give(Input::Ticket(answer));
        }
        if self.wake.is_some_and(|wake| now >= wake) {
            self.give(Input::Deadline);
            assert!(self.wake.is_none_or(|wake| wake > now), "woken at {now:?}, and again for {:?}", self.wake);
        }
        self.check();
    }

    /// The camera does its work whatever the session does.
    fn push(&self) {
        let picture = VideoDataSample::i420(Arc::new(vec![0_u8; 16 * 16 * 3 / 2]), 16, 16, 0, None);
        let pushed = self.engine.push_external_video_frame(&picture, VideoSource::Camera);
        let allowed = matches!(pushed, Ok(()) | Err(CallError::NotJoined { .. } | CallError::SourceOff { .. }));
        assert!(allowed, "{pushed:?}");
        let _ = self.engine.push_external_audio_frame_raw_data(&[0; 960], 0);
    }

    fn listen(&mut self) {
        let queue = self.engine.event_handler();
        while let Some(event) = queue.try_next() {
            self.note(&format!("< {event:?}"));
            self.give(Input::Event(&event));
        }
        let viewer = self.viewer.event_handler();
        while viewer.try_next().is_some() {}
        // The viewer gives up after a long outage and comes back by itself.
        let config = JoinChannelConfig { subscribe_mode: SubscribeMode::Automatically, ..JoinChannelConfig::default() };
        let _ = self.viewer.join_channel("t", CHANNEL, "viewer", "", &config);
    }

    fn give(&mut self, input: Input<'_>) {
        let now = self.now();
        self.session.handle(input, now);
        for count in 0.. {
            assert!(count < MOST_OUTPUTS, "the session never comes to rest");
            match self.session.poll() {
                Output::Call(call) => self.call(&call),
                Output::NeedToken { renew } => {
                    self.note(&format!("> token, renew {renew}"));
                    self.token_due = match self.tokens {
                        Tokens::Ready | Tokens::Refused => Some(now),
                        Tokens::Slow(delay) => Some(now + delay),
                        Tokens::Silent => None,
                    };
                }
                Output::Status(status) => self.note(&format!("= {:?} {}", status.phase, status.detail)),
                Output::WakeAt(at) => {
                    self.wake = at;
                    break;
                }
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let answer = call.carry_out(&*self.engine);
        self.note(&format!("> {call:?}: {answer:?}"));
        if let Err(error) = answer {
            assert!(!matches!(error, CallError::AlreadyJoined { .. }), "joined twice: {error}");
            let now = self.now();
            self.session.handle(Input::Refused(call, &error), now);
        }
    }

    /// What holds at every moment.
    fn check(&self) {
        let now = self.now();
        let phase = self.phase();
        if let Phase::Waiting { until } = phase {
            assert!(until <= now + MAX_PAUSE, "a pause of {:?}", until - now);
            assert!(self.wanted, "waiting for what nobody wants");
        }
        if self.wanted {
            assert_ne!(phase, Phase::Idle, "idle although a channel is wanted");
        }
        if let Some(since) = self.unwanted_since {
            assert!(phase == Phase::Idle || now <= since + Duration::from_secs(2), "{phase:?} long after leaving");
        }
        if phase == Phase::Connected {
            assert!(self.engine.is_local_video_stream_published() && self.engine.is_local_audio_stream_published());
        }
        // First pauses are short, so a good many attempts may come early; later ones are 15 s apart and more.
        let most = 8 * self.prods + 8 * self.joins() + now.as_secs() / 10;
        assert!(self.attempts() <= most, "{} attempts in {now:?}", self.attempts());
    }

    fn note(&mut self, line: &str) {
        // A day of outage would fill the memory.
        if self.trace.len() < 20_000 {
            self.trace.push(format!("{:10.3} {line}", self.now().as_secs_f64()));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.trace.len().saturating_sub(60);
            eprintln!("the last of what happened:\n{}", self.trace[from..].join("\n"));
        }
    }
}
