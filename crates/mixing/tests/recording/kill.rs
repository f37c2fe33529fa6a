//! A recorder that is killed: every file plays, at most two seconds of each are lost, and the job goes on in the next process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use mixing::{Event, FileFinished, Recorders as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::person::{Sends, Signal};
use crate::room::{PATIENCE, Stage, Told, recorders, spec, start};
use crate::{let_it_record, path, probe};

/// The child finds here where the room is, and where it writes.
const URL: &str = "ARTC_MIXING_URL";
const FOLDER: &str = "ARTC_MIXING_FOLDER";
/// How often it is killed; the bench asks for more.
const KILLS: &str = "ARTC_MIXING_KILLS";
/// What a kill may cost.
const LOST: Duration = Duration::from_secs(2);

/// The recorder that is killed: records until it is.
#[test]
#[ignore = "a part of the test below, which starts it in a process of its own"]
fn child() {
    let (Ok(url), Ok(folder)) = (std::env::var(URL), std::env::var(FOLDER)) else {
        panic!("{URL} and {FOLDER} are set by the test below")
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let recorders = recorders(&url, Path::new(&folder), runtime.handle());
    let (_job, mut told) = start(&recorders, spec("480x360_15_320"));
    loop {
        told.until(&runtime, |event| matches!(event, Event::FileBegan(_)).then_some(()));
        println!("\nit records");
    }
}

/// Kills it when it is dropped, whatever happened.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it recorded is what is compared")]
fn a_killed_recorder_loses_two_seconds_at_most_and_its_job_goes_on() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let _somebody = stage.publisher("a", Sends { color: Some([81, 90, 240]), signal: Signal::Flashes });
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let kills: usize = std::env::var(KILLS).ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let mut recorded = Vec::new();
    for _ in 0..kills {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--ignored", "--nocapture"])
            .env(URL, stage.url())
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Killed(child);
        let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).filter(|line| line == "it records").for_each(|_| _ = tell.send(()))
        });
        told.recv_timeout(PATIENCE).expect("the child records");
        let began = Instant::now();
        let_it_record(Duration::from_millis(random.random_range(0..4000)));
        let lasted = began.elapsed();
        drop(child);
        recorded.push(lasted);
    }
    let recorders = recorders(&stage.url(), folder.path(), stage.runtime.handle());
    // All but the last were stored by the process after them; this is what the last one left.
    if recorders.left().contains(&"job-1".to_owned()) {
        let events = recorders.recover("job-1").unwrap();
        let files: Vec<FileFinished> = Told { events }.rest(&stage.runtime).iter().filter_map(crate::finished).collect();
        assert!(files.iter().all(|file| file.mended), "{files:?}");
        files.iter().for_each(|file| probe::plays(&path(file)));
    }
    let entries = std::fs::read_dir(folder.path().join("store/rec/mp4")).unwrap().map(|entry| entry.unwrap().path());
    // What a put was at when it was killed lies beside them.
    let mut stored: Vec<_> = entries.filter(|file| file.extension().is_some_and(|ending| ending == "mp4")).collect();
    stored.sort();
    let lengths: Vec<Duration> = stored.iter().inspect(|file| probe::plays(file)).map(|file| probe::duration(file)).collect();
    println!("recorded {recorded:?}\nin files {lengths:?}");
    // A file is told when its first fragment is on the medium, so each run has one.
    assert_eq!(lengths.len(), recorded.len());
    let lost: Vec<Duration> = recorded.iter().zip(&lengths).map(|(run, file)| run.saturating_sub(*file)).collect();
    assert!(lost.iter().all(|lost| *lost <= LOST), "recorded {recorded:?}, in files {lengths:?}");
    println!("lost at most {:.2} s in {kills} kills", lost.iter().max().unwrap().as_secs_f64());
}
