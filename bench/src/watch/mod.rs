//! Viewers that cost little: RTP is received, decrypted and counted; only the first key frame of each is decoded. One thread and one
//! socket a viewer, so that twenty of them disturb what they measure as little as possible.

pub mod socket;
pub mod viewer;

use std::time::{Duration, Instant};

use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use url::Url;

use crate::Failure;
use crate::steer::{Steer, monotonic, now, over, read, say};
use socket::Batch;
use viewer::{Place, Viewer};

/// How long a viewer may take until its first picture.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Args)]
struct Where {
    /// Address of the WHEP endpoint, http://IP:PORT/whep/ROOM/IDENTITY, or of a videoroom of Janus, janus://IP:PORT/ROOM/FEED; viewers take
    /// turns where there are several
    #[arg(long, required = true)]
    url: Vec<Url>,
    /// Join token, one for each address of an endpoint
    #[arg(long)]
    token: Vec<String>,
}

impl Where {
    fn places(&self) -> Result<Vec<Place>, Failure> {
        let mut tokens = self.token.iter().map(String::as_str);
        let place = |url: &Url| {
            let token = if url.scheme() == "janus" { "" } else { tokens.next().ok_or("not as many tokens as addresses")? };
            Place::of(url, token)
        };
        self.url.iter().map(place).collect()
    }
}

#[derive(Args)]
pub struct Watch {
    #[command(flatten)]
    at: Where,
    /// How many viewers
    #[arg(long, default_value_t = 1)]
    viewers: usize,
    /// Tell of each access unit when it was captured and when its packets arrived
    #[arg(long)]
    records: bool,
}

impl Watch {
    pub fn run(self) -> Result<(), Failure> {
        let places = self.at.places()?;
        let mut viewers = Vec::new();
        let mut batch = Batch::new();
        for n in 0..self.viewers {
            viewers.push(Viewer::join(&places[n % places.len()], self.records && n == 0, now() + PATIENCE)?);
            // The ones before must not starve meanwhile.
            turn(&mut viewers, &mut batch, now() + Duration::from_millis(20), false);
        }
        let by = now() + PATIENCE;
        while !viewers.iter().all(Viewer::has_picture) {
            if now() > by {
                return Err("a viewer got no picture".into());
            }
            turn(&mut viewers, &mut batch, now() + Duration::from_millis(100), false);
        }
        let ago = viewers.first().map_or(0.0, |first| first.milestones.began.elapsed().as_secs_f64());
        let joined: Vec<_> = viewers.iter().map(Viewer::joined).collect();
        let at = monotonic().as_secs_f64();
        say(&json!({ "event": "streaming", "at": at, "began": at - ago, "joined": joined }));
        loop {
            let steer = turn(&mut viewers, &mut batch, now() + Duration::from_secs(1), true);
            if over(steer, || json!({ "viewers": viewers.iter().map(Viewer::counters).collect::<Vec<_>>() })) {
                let records = viewers.first().and_then(|first| first.records.as_ref()).into_iter().flatten();
                let lines: Vec<_> = records.map(|r| json!([r.captured, r.first, r.last, r.bytes, r.packets])).collect();
                say(&json!({ "event": "end", "records": lines }));
                viewers.into_iter().for_each(Viewer::leave);
                return Ok(());
            }
        }
    }
}

#[derive(Args)]
pub struct Join {
    #[command(flatten)]
    at: Where,
    /// How often
    #[arg(long, default_value_t = 20)]
    count: usize,
    /// Pause before each, in milliseconds; the room asks for key frames twice a second at most
    #[arg(long, default_value_t = 700)]
    pause: u64,
}

impl Join {
    pub fn run(self) -> Result<(), Failure> {
        let [place]: [Place; 1] = self.at.places()?.try_into().map_err(|_| "one address, please")?;
        let mut batch = Batch::new();
        // Someone is watching already: what is measured is the second viewer.
        let mut viewers = vec![Viewer::join(&place, false, now() + PATIENCE)?];
        let first_by = now() + PATIENCE;
        while !viewers[0].has_picture() && now() < first_by {
            turn(&mut viewers, &mut batch, now() + Duration::from_millis(10), false);
        }
        say(&json!({ "event": "streaming", "at": monotonic().as_secs_f64(), "joined": [viewers[0].joined()] }));
        let mut joins = Vec::new();
        for n in 0..self.count {
            // Off the beat of the pictures, each at another place of it.
            let pause = Duration::from_micros(self.pause * 1000 + (n as u64 * 7_300) % 33_333);
            let until = now() + pause;
            while now() < until {
                turn(&mut viewers, &mut batch, until, false);
            }
            viewers.push(Viewer::join(&place, false, now() + PATIENCE)?);
            let by = now() + PATIENCE;
            while !viewers[1].has_picture() && now() < by {
                turn(&mut viewers, &mut batch, now() + Duration::from_millis(10), false);
            }
            joins.push(viewers[1].joined());
            if let Some(viewer) = viewers.pop() {
                viewer.leave();
            }
        }
        say(&json!({ "event": "end", "joins": joins }));
        viewers.into_iter().for_each(Viewer::leave);
        Ok(())
    }
}

/// Waits for datagrams, timeouts and (with `steered`) standard input, at most until `until`, and handles what came.
fn turn(viewers: &mut [Viewer], batch: &mut Batch, until: Instant, steered: bool) -> Option<Steer> {
    let at = now();
    let next = viewers.iter().map(Viewer::wake).min().unwrap_or(until).min(until);
    let timeout = Timespec::try_from(next.saturating_duration_since(at)).ok();
    let stdin = std::io::stdin();
    let mut fds: Vec<_> = viewers.iter().map(|viewer| PollFd::new(&viewer.socket, PollFlags::IN)).collect();
    if steered {
        fds.push(PollFd::new(&stdin, PollFlags::IN));
    }
    // An interrupted wait is a wait that ended early.
    let _ = poll(&mut fds, timeout.as_ref());
    let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
    drop(fds);
    for (viewer, ready) in viewers.iter_mut().zip(&ready) {
        if *ready {
            viewer.receive(batch);
        }
        if now() >= viewer.wake() {
            viewer.tick();
        }
    }
    (steered && ready.last() == Some(&true)).then(read)
}
