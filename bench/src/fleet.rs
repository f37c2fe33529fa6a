//! Many devices that come to a broker at once, each with a link of its own, as the daemon has it.

use std::time::Duration;

use call_control::{ClientId, message};
use clap::Args;
use mqtt_link::{Event, Link, Options, Presence};
use serde_json::json;
use tokio::sync::mpsc;

use crate::Failure;
use crate::steer::{now, say};

#[derive(Args)]
pub struct Fleet {
    /// Port of a broker on this machine that lets in anybody
    #[arg(long)]
    broker: u16,
    /// Devices
    #[arg(long, default_value_t = 2000)]
    count: u32,
    /// Seconds within which they begin to connect, one after the other
    #[arg(long, default_value_t = 10.0)]
    within: f64,
}

impl Fleet {
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let (tell, mut told) = mpsc::unbounded_channel();
            let began = now();
            say(&json!({ "event": "began" }));
            for n in 0..self.count {
                let options = self.device(n)?;
                let (tell, after) = (tell.clone(), self.within * f64::from(n) / f64::from(self.count));
                tokio::spawn(async move {
                    tokio::time::sleep_until((began + Duration::from_secs_f64(after)).into()).await;
                    let mut link = Link::start(options);
                    loop {
                        if link.next().await == Event::Up {
                            // Nobody listens any more when the bench is over.
                            let _ = tell.send(began.elapsed().as_secs_f64());
                        }
                    }
                });
            }
            let mut up = Vec::new();
            while up.len() < self.count as usize {
                up.push(told.recv().await.ok_or("nobody connects any more")?);
            }
            say(&json!({ "event": "up", "seconds": up }));
            // They stay until standard input ends.
            tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
            // Their last wills are the broker's business.
            std::process::exit(0)
        })
    }

    fn device(&self, n: u32) -> Result<Options, Failure> {
        let client = ClientId::new("GID_ALIRTC_CTRL_DOWN", &format!("DEVICE_{n:05}"))?;
        let topics = call_control::Config::default().topics()?;
        Ok(Options {
            host: "127.0.0.1".into(),
            port: self.broker,
            tls: false,
            ca_file: None,
            client_id: client.to_string(),
            user: "bench".into(),
            password: "bench".into(),
            listen: topics.for_client(&client),
            presence: Some(Presence {
                topic: topics.presence(&client),
                here: message::presence(true).into(),
                gone: message::presence(false).into(),
            }),
            seed: n.into(),
        })
    }
}
