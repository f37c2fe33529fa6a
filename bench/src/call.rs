//! Calls, timed: from `create` at the broker to the first whole picture of the device in the room.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use artc_room::{Config, Server, Service};
use call_control::{ClientId, PasswordRule};
use clap::Args;
use mqtt_link::{Event, Link, Options};
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Failure;
use crate::steer::{now, say};

/// What the room logs when a picture is there for the first time since it was started.
const PICTURE: &str = "first picture in the room";
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Call {
    /// Port of a broker on this machine that lets in anybody
    #[arg(long)]
    broker: u16,
    /// Port of the room
    #[arg(long)]
    room: u16,
    /// File with a secret, any
    #[arg(long)]
    secret: PathBuf,
    /// Who is called
    #[arg(long)]
    device: String,
    /// Calls that are timed
    #[arg(long, default_value_t = 20)]
    count: u32,
}

impl Call {
    pub fn run(self) -> Result<(), Failure> {
        let (seen, pictures) = mpsc::channel();
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || Watch(seen.clone()));
        let wanted = Targets::new().with_target("room", LevelFilter::INFO);
        tracing_subscriber::registry().with(layer).with(wanted).init();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let times: Vec<f64> = runtime.block_on(async {
            let mut link = self.caller()?;
            while !matches!(tokio::time::timeout(PATIENCE, link.next()).await?, Event::Up) {}
            let mut times = Vec::new();
            for _ in 0..self.count {
                times.push(self.one(&link, &pictures).await?);
            }
            Ok::<_, Failure>(times)
        })?;
        say(&json!({ "event": "end", "call_ms": times }));
        Ok(())
    }

    /// One call, with a room that has just been started, so that its first picture is this call's.
    async fn one(&self, link: &Link, pictures: &mpsc::Receiver<Instant>) -> Result<f64, Failure> {
        let server = Server::start(&self.config()?)?;
        // The device stays at the broker all the time; the server is one more.
        wait(|| server.counts().clients >= 2).await?;
        while pictures.try_recv().is_ok() {}
        let began = now();
        link.publish("MeetingCtrlUp", "create").map_err(|_| "the link has no room")?;
        let came = loop {
            if let Ok(came) = pictures.try_recv() {
                break came;
            }
            if began.elapsed() > PATIENCE {
                return Err("no picture came".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        link.publish("MeetingCtrlUp", "destory").map_err(|_| "the link has no room")?;
        let room = server.room().ok_or("no room")?;
        wait(|| room.stats().participants == 0 && server.counts().calls == 0).await?;
        server.stop().await;
        Ok(came.saturating_duration_since(began).as_secs_f64() * 1000.0)
    }

    fn config(&self) -> Result<Config, Failure> {
        let any = [127, 0, 0, 1];
        Ok(Config {
            room: room::Config { listen: (any, self.room).into(), media_port: 0, tcp: false, ..room::Config::default() },
            calls: call_control::Config {
                enabled: true,
                broker: Some(format!("mqtt://127.0.0.1:{}", self.broker)),
                access_key: "bench".into(),
                secret_file: Some(self.secret.clone()),
                password: PasswordRule::Secret,
                ..call_control::Config::default()
            },
            service: Service { invite: vec![self.device.parse::<ClientId>()?], ..Service::default() },
            ..Config::default()
        })
    }

    fn caller(&self) -> Result<Link, Failure> {
        Ok(Link::start(Options {
            host: "127.0.0.1".into(),
            port: self.broker,
            tls: false,
            ca_file: None,
            client_id: ClientId::new("GID_APP", "bench")?.to_string(),
            user: "bench".into(),
            password: "bench".into(),
            listen: Vec::new(),
            presence: None,
            seed: 1,
        }))
    }
}

async fn wait(mut so: impl FnMut() -> bool) -> Result<(), Failure> {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, waiting).await?)
}

/// Notes when the line of the first picture is logged.
struct Watch(mpsc::Sender<Instant>);

impl std::io::Write for Watch {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if line.windows(PICTURE.len()).any(|part| part == PICTURE.as_bytes()) {
            // Nobody listens any more when the bench is over.
            let _ = self.0.send(now());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
