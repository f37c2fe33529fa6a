//! The session over a fake engine under scripted faults, in virtual time.
//!
//! Each run has a seed, which is printed when it fails. `ARTC_SIM_SEED=17 cargo test --release --test simulation` replays one run with
//! its whole trace; `ARTC_SIM_RUNS=5000` runs more.

mod script;
mod stage;

use std::time::Duration;

use artc_edge::session::Phase;

use script::Script;
use stage::Stage;

/// Runs without a word in the environment: some seconds.
const RUNS: u64 = 400;
/// Virtual time during which things go wrong.
const TROUBLE: Duration = Duration::from_secs(600);
/// Virtual time that the session may take to be back once nothing goes wrong any more.
const CALM: Duration = Duration::from_secs(60);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// One life: ten minutes of trouble, then calm.
fn live(seed: u64) -> Stage {
    let mut stage = Stage::new(seed);
    let script = Script::random(seed, TROUBLE);
    stage.join();
    for (at, action) in script.actions {
        stage.run_until(at);
        stage.act(action);
    }
    stage.run_until(TROUBLE);
    stage.calm();
    let until = TROUBLE + CALM;
    while stage.phase() != Phase::Connected || !stage.viewer_sees_camera() {
        assert!(stage.now() < until, "not back {CALM:?} after the last fault: {:?}", stage.phase());
        stage.step(until);
    }
    // It stays so.
    let joins = stage.joins();
    stage.run_until(stage.now() + Duration::from_secs(3600));
    assert_eq!((stage.phase(), stage.joins()), (Phase::Connected, joins), "an hour of calm changed something");
    stage.leave();
    let left_by = stage.now() + Duration::from_secs(2);
    stage.run_until(left_by);
    assert_eq!(stage.phase(), Phase::Idle, "leaving takes at most two seconds");
    stage
}

#[test]
fn whatever_happens_the_session_comes_back() {
    let seeds = match number("ARTC_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ARTC_SIM_RUNS").unwrap_or(RUNS),
    };
    let replay = seeds.end - seeds.start == 1;
    let mut attempts = 0;
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| live(seed));
        match outcome {
            Ok(stage) => {
                attempts += stage.attempts();
                if replay {
                    println!("{}", stage.trace().join("\n"));
                }
            }
            Err(panic) => {
                eprintln!("replay with ARTC_SIM_SEED={seed} cargo test --release --test simulation -- --nocapture");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(attempts > 0, "nothing was ever tried");
}

#[test]
fn the_same_seed_gives_the_same_life() {
    for seed in [1, 17, 4711] {
        let (first, second) = (live(seed), live(seed));
        assert!(first.trace().len() > 20, "the trace tells a story");
        assert_eq!(first.trace(), second.trace());
    }
    assert_ne!(live(1).trace(), live(2).trace(), "seeds differ");
}

#[test]
fn a_link_that_comes_up_brings_the_session_back_at_once() {
    for outage in [2_u64, 29, 45, 600, 7200] {
        let mut stage = Stage::new(outage);
        stage.join();
        stage.run_until(Duration::from_secs(120));
        assert_eq!(stage.phase(), Phase::Connected);
        stage.act(script::Action::LinkDown);
        stage.run_until(Duration::from_secs(120 + outage));
        stage.act(script::Action::LinkUp);
        let up = stage.now();
        let limit = Duration::from_secs(2);
        while stage.phase() != Phase::Connected {
            assert!(stage.now() < up + limit, "{outage} s outage: not back {limit:?} after the link");
            stage.step(up + limit);
        }
    }
}

#[test]
fn a_long_outage_is_no_storm() {
    let mut stage = Stage::new(3);
    stage.act(script::Action::LinkDown);
    stage.join();
    stage.run_until(Duration::from_secs(24 * 3600));
    // Each attempt is a time-out of 10 s and a pause of 15 to 30 s, so a day has 2,160 to 3,456.
    assert!((2_000..3_600).contains(&stage.attempts()), "{} attempts in a day", stage.attempts());
}

#[test]
fn two_devices_with_one_name_do_not_fight_at_full_speed() {
    let mut stage = Stage::new(5);
    stage.join();
    // Somebody takes our place two seconds after each of our joins.
    let day = Duration::from_secs(24 * 3600);
    while stage.now() < day {
        stage.step(day);
        if stage.phase() == Phase::Connected {
            stage.run_until(stage.now() + Duration::from_secs(2));
            stage.act(script::Action::Remove);
        }
    }
    assert!((2_500..6_000).contains(&stage.joins()), "{} joins in a day", stage.joins());
}
