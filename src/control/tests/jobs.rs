//! Jobs and subscriptions.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::Method;
use wire::event::Topic;
use wire::job::State;

use super::super::jobs::{AT_ONCE, Ended, JobId, Jobs, KEPT, Progress, Stop, TOLD_EVERY, Why};
use super::super::{Effect, Failure, Letter, Sender, Step};
use super::{Bench, app_server, local, request};

const LIMIT: Duration = Duration::from_secs(60);

fn start(jobs: &mut Jobs, now: Duration) -> (JobId, Stop) {
    jobs.start(Method::CameraList, LIMIT, now).unwrap()
}

fn at(percent: u8) -> Progress {
    Progress { percent: Some(percent), step: format!("part {percent}") }
}

#[test]
fn a_job_tells_its_progress_and_its_end() {
    let (mut jobs, now) = (Jobs::default(), Duration::from_secs(5));
    let (job, stop) = start(&mut jobs, now);
    assert!(jobs.progress(job, at(10), now));
    assert!(!jobs.progress(job, at(11), now + TOLD_EVERY / 2), "not too often");
    assert!(jobs.progress(job, at(120), now + TOLD_EVERY));
    let status = jobs.status(job, now + TOLD_EVERY).unwrap();
    assert_eq!((status.state, status.percent, status.elapsed_ms), (State::Running, Some(100), 200));
    assert!(jobs.ended(job, Ended::Done(json!({ "lines": 3 })), now + TOLD_EVERY));
    assert!(!jobs.ended(job, Ended::Stopped, now + TOLD_EVERY), "it ends once");
    assert!(!jobs.progress(job, at(5), now + LIMIT), "and comes on no more");
    let status = jobs.status(job, now + LIMIT).unwrap();
    assert_eq!((status.state, status.result, status.elapsed_ms), (State::Done, Some(json!({ "lines": 3 })), 200));
    assert_eq!(stop.asked(), None);
    assert_eq!(jobs.deadline(), None);
}

#[test]
fn a_job_is_cancelled_fails_or_takes_too_long() {
    let (mut jobs, now) = (Jobs::default(), Duration::from_secs(5));
    let (asked, stop) = start(&mut jobs, now);
    assert_eq!(jobs.cancel("job-1").unwrap(), asked);
    assert_eq!(stop.asked(), Some(Why::Unwanted));
    assert_eq!(jobs.status(asked, now).unwrap().state, State::Cancelling);
    assert!(jobs.ended(asked, Ended::Stopped, now));
    assert_eq!(jobs.status(asked, now).unwrap().state, State::Cancelled);
    assert_eq!(jobs.cancel("job-1").unwrap(), asked, "twice is no mistake");

    let (quick, _) = start(&mut jobs, now);
    jobs.cancel(&quick.to_string()).unwrap();
    assert!(jobs.ended(quick, Ended::Done(Value::Null), now));
    assert_eq!(jobs.status(quick, now).unwrap().state, State::Done, "it was done before it could be stopped");

    let (failed, _) = start(&mut jobs, now);
    assert!(jobs.ended(failed, Ended::Failed(Failure::Device("the disk is full".into())), now));
    let status = jobs.status(failed, now).unwrap();
    assert_eq!((status.state, status.error.unwrap().message.as_str()), (State::Failed, "the disk is full"));

    let (slow, stop) = start(&mut jobs, now);
    assert_eq!(jobs.deadline(), Some(now + LIMIT));
    assert_eq!(jobs.expire(now + LIMIT - Duration::from_nanos(1)), None);
    assert_eq!((jobs.expire(now + LIMIT), jobs.expire(now + LIMIT)), (Some(slow), None));
    assert_eq!(stop.asked(), Some(Why::Unwanted), "its work shall end, too");
    assert!(!jobs.ended(slow, Ended::Done(Value::Null), now + LIMIT));
    assert_eq!(jobs.status(slow, now + LIMIT).unwrap().state, State::TimedOut);

    let unknown = jobs.cancel("job-99").unwrap_err();
    assert_eq!(
        (unknown.code.name(), unknown.message.as_str()),
        ("unknown_name", "there is no job `job-99`; job.list tells them")
    );
}

#[test]
fn so_many_are_worked_on_and_so_many_remembered() {
    let (mut jobs, now) = (Jobs::default(), Duration::ZERO);
    let first: Vec<_> = (0..AT_ONCE).map(|_| start(&mut jobs, now).0).collect();
    assert_eq!(jobs.start(Method::CameraList, LIMIT, now).unwrap_err().code.name(), "not_available");
    while jobs.expire(now + LIMIT).is_some() {}
    assert!(jobs.start(Method::CameraList, LIMIT, now).is_err(), "what has timed out still takes a thread");
    for job in first {
        jobs.ended(job, Ended::Stopped, now + LIMIT);
    }
    for _ in 0..3 * KEPT {
        let (job, _) = start(&mut jobs, now);
        jobs.ended(job, Ended::Done(Value::Null), now);
    }
    assert_eq!(jobs.list(now).len(), KEPT);
}

#[test]
fn the_desk_tells_of_jobs_to_whoever_asks_and_subscribed() {
    let mut bench = Bench::new();
    assert_eq!(bench.reply(&app_server(), &request(1, "job.list", json!({})))["result"], json!({ "jobs": [] }));
    assert_eq!(bench.refused(&app_server(), &request(1, "job.status", json!({ "job": "job-1" }))).0, "unknown_name");
    assert_eq!(bench.refused(&app_server(), &request(1, "job.cancel", json!({ "job": "job-1" }))).0, "unknown_name");
    let subscribe = request(2, "event.subscribe", json!({ "topics": ["job.progress", "board.press", "job.progress"] }));
    for _ in 0..2 {
        let all = &bench.reply(&app_server(), &subscribe)["result"];
        assert_eq!(*all, json!({ "topics": ["board.press", "job.progress"] }), "asked for twice is told once");
    }
    let told = |bench: &Bench| bench.desk.tell(Topic::JobProgress, || json!({ "job": "job-1" }));
    let letters = told(&bench);
    assert_eq!(letters.iter().map(|letter| &letter.to).collect::<Vec<_>>(), [&app_server()]);
    let message: Value = serde_json::from_slice(&letters[0].message).unwrap();
    assert_eq!(message, json!({ "jsonrpc": "2.0", "method": "job.progress", "params": { "job": "job-1" } }));
    let unsubscribe = request(3, "event.unsubscribe", json!({ "topics": ["job.progress"] }));
    assert_eq!(bench.reply(&app_server(), &unsubscribe)["result"], json!({ "topics": ["board.press"] }));
    assert_eq!(told(&bench), []);
    // Who comes back subscribes anew, also with the same id: a subscription is bound to being there.
    bench.desk.forget(&app_server(), bench.now);
    bench.reply(&app_server(), &subscribe);
    assert_eq!(told(&bench).len(), 1);
    assert_eq!(bench.refused(&local(1), &request(4, "event.subscribe", json!({ "topics": ["weather"] }))).0, "invalid_params");
    let stranger = Sender::participant("stranger");
    assert_eq!(bench.refused(&stranger, &subscribe).0, "not_allowed");
}

const INSTALL: &str = r#"{"bundle":"/data/gate.raucb"}"#;

/// Asks for a job, which has not begun then.
fn ask_for_job(bench: &mut Bench, from: &Sender, id: u32) -> (JobId, Stop) {
    let message = request(id, "update.install", serde_json::from_str(INSTALL).unwrap());
    match bench.desk.receive(from, &message, &bench.view, bench.now) {
        Step::Work { job, stop, effect: Effect::InstallUpdate(_) } => (job, stop),
        other => panic!("no work: {other:?}"),
    }
}

fn read(letter: &Letter) -> Value {
    serde_json::from_slice(&letter.message).unwrap()
}

fn told_to(letters: &[Letter]) -> Vec<&Sender> {
    letters.iter().map(|letter| &letter.to).collect()
}

#[test]
fn who_asks_for_a_job_gets_its_name_when_it_has_begun_and_is_told_how_it_goes() {
    let mut bench = Bench::new();
    let (asker, watcher) = (app_server(), local(7));
    let (job, _) = ask_for_job(&mut bench, &asker, 1);
    assert_eq!(bench.reply(&watcher, &request(1, "job.list", json!({})))["result"]["jobs"], json!([]), "it has not begun");
    bench.nothing(&asker, &request(1, "update.install", serde_json::from_str(INSTALL).unwrap()));
    let reply = bench.desk.begun(job, bench.now).unwrap();
    assert_eq!((&reply.to, &read(&reply)["result"]), (&asker, &json!({ "job": "job-1" })));
    assert_eq!(bench.desk.begun(job, bench.now), None, "once");
    let again = bench.reply(&asker, &request(1, "update.install", serde_json::from_str(INSTALL).unwrap()));
    assert_eq!(again["result"], json!({ "job": "job-1" }), "asked for again it is the same job");

    assert_eq!(told_to(&bench.desk.progress(job, at(10), bench.now)), [&asker], "without a subscription");
    bench.reply(&asker, &request(2, "event.subscribe", json!({ "topics": ["job.progress"] })));
    bench.reply(&watcher, &request(2, "event.subscribe", json!({ "topics": ["job.progress"] })));
    bench.now += TOLD_EVERY;
    assert_eq!(told_to(&bench.desk.progress(job, at(20), bench.now)), [&asker, &watcher], "and each once");
    bench.desk.forget(&asker, bench.now);
    bench.now += TOLD_EVERY;
    assert_eq!(told_to(&bench.desk.progress(job, at(30), bench.now)), [&watcher], "it goes on when who asked leaves");
    bench.desk.came(&asker);
    let end = bench.desk.ended(job, Ended::Done(json!({ "slots": 2 })), bench.now);
    assert_eq!(told_to(&end), [&watcher, &asker], "and who comes back is told");
    assert_eq!((&read(&end[1])["params"]["state"], &read(&end[1])["params"]["result"]), (&json!("done"), &json!({ "slots": 2 })));
}

#[test]
fn work_that_does_not_begin_is_a_refusal_and_no_job() {
    let mut bench = Bench::new();
    let (job, _) = ask_for_job(&mut bench, &app_server(), 1);
    let letters = bench.desk.ended(job, Ended::Failed(Failure::NotAvailable("no RAUC here".into())), bench.now);
    assert_eq!(told_to(&letters), [&app_server()]);
    assert_eq!(read(&letters[0])["error"]["message"], "no RAUC here");
    assert_eq!(bench.reply(&local(1), &request(2, "job.list", json!({})))["result"]["jobs"], json!([]));

    // Who was told that it takes too long is not told a name later; the work need not begin.
    let (late, stop) = ask_for_job(&mut bench, &app_server(), 3);
    bench.now = bench.desk.deadline().unwrap();
    let letter = bench.desk.expire(bench.now).unwrap();
    assert_eq!(read(&letter)["error"]["data"]["name"], "timed_out");
    assert_eq!(stop.asked(), Some(Why::Unwanted));
    let letters = bench.desk.ended(late, Ended::Stopped, bench.now);
    assert_eq!(read(&letters[0])["params"]["state"], "cancelled");
    assert_eq!(bench.reply(&local(1), &request(4, "job.list", json!({})))["result"]["jobs"][0]["state"], "cancelled");
}

proptest! {
    /// Whatever happens to jobs: each ends once, in a state that it keeps; no more are worked on or remembered than may be.
    #[test]
    fn each_job_ends_exactly_once(steps in proptest::collection::vec((0..6_u8, any::<prop::sample::Index>(), 0..40_u64), 1..200)) {
        let mut jobs = Jobs::default();
        let (mut now, mut working) = (Duration::ZERO, Vec::<JobId>::new());
        let mut ends: HashMap<String, State> = HashMap::new();
        for (kind, which, seconds) in steps {
            match kind {
                0 | 1 => match jobs.start(Method::CameraList, Duration::from_secs(seconds), now) {
                    Ok((job, _)) => working.push(job),
                    Err(_) => prop_assert_eq!(working.len(), AT_ONCE),
                },
                2 => now += Duration::from_secs(seconds),
                3 if !working.is_empty() => { jobs.cancel(&working[which.index(working.len())].to_string()).unwrap(); }
                4 if !working.is_empty() => { jobs.progress(working[which.index(working.len())], at(seconds as u8), now); }
                5 if !working.is_empty() => {
                    let job = working.swap_remove(which.index(working.len()));
                    let ended = match seconds % 3 { 0 => Ended::Done(Value::Null), 1 => Ended::Stopped, _ => Ended::Failed(Failure::Device("x".into())) };
                    jobs.ended(job, ended, now);
                }
                _ => (),
            }
            while jobs.expire(now).is_some() {}
            for job in jobs.list(now).iter().filter(|job| job.state.is_final()) {
                let known = *ends.entry(job.job.clone()).or_insert(job.state);
                prop_assert_eq!(known, job.state, "an end stays");
            }
            prop_assert!(jobs.list(now).len() <= AT_ONCE + KEPT);
        }
        // Time ends all that nobody ended.
        now += Duration::from_secs(1000);
        while jobs.expire(now).is_some() {}
        prop_assert!(jobs.list(now).iter().all(|job| job.state.is_final()));
        prop_assert_eq!(jobs.deadline(), None);
    }
}
