//! Users that talk: recorded speech over and over, at the pace of a microphone.

use std::path::PathBuf;
use std::time::Duration;

use artc_bindings::{CallError, Event, PublishState};
use clap::Args;
use serde_json::json;

use super::{BLOCK, Room, bytes, speech, talking};
use crate::Failure;
use crate::steer::{now, over, poll, say, sleep_until};

/// How long all of them may take to join.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub struct Talk {
    #[command(flatten)]
    room: Room,
    /// Join tokens, one a user, each as IDENTITY:TOKEN
    #[arg(long = "user", required = true)]
    users: Vec<String>,
    /// What is said: a .wav of one channel at 48 kHz
    #[arg(long)]
    wav: PathBuf,
}

impl Talk {
    pub fn run(self) -> Result<(), Failure> {
        let spoken = speech::read(&self.wav)?;
        let spoken = &spoken[..spoken.len() / BLOCK * BLOCK];
        let mut engines = Vec::new();
        for user in &self.users {
            let (identity, token) = user.split_once(':').ok_or("a user is IDENTITY:TOKEN")?;
            engines.push(self.room.join(token, identity, &talking())?);
        }
        let blocks: Vec<Vec<u8>> = spoken.chunks_exact(BLOCK).map(bytes).collect();
        let (start, mut published) = (now(), vec![false; engines.len()]);
        let mut said = false;
        for n in 0u64.. {
            sleep_until(start + Duration::from_millis(n * 10));
            for (index, engine) in engines.iter().enumerate() {
                // Each is somewhere else in what is said.
                let block = &blocks[(n as usize + index * 37) % blocks.len()];
                match engine.push_external_audio_frame_raw_data(block, -1) {
                    Ok(()) | Err(CallError::NotJoined { .. } | CallError::BufferFull { .. }) => {}
                    Err(why) => return Err(why.into()),
                }
                while let Some(event) = engine.event_handler().try_next() {
                    if let Event::AudioPublishStateChanged(change) = event {
                        published[index] = change.new_state == PublishState::Published;
                    }
                }
            }
            if !said && published.iter().all(|one| *one) {
                said = true;
                say(&json!({ "event": "streaming", "users": engines.len() }));
            }
            if !said && now() > start + PATIENCE {
                return Err("not all users could publish".into());
            }
            if over(poll(), || json!({ "blocks": n })) {
                break;
            }
        }
        say(&json!({ "event": "end" }));
        Ok(())
    }
}
