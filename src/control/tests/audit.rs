//! The chain of the audit: what it says, and what shows in it.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::audit::verify;
use super::super::{Outcome, PATIENCE, Sender};
use super::{Bench, app_server, local, request};

fn lines(bench: &mut Bench, params: Value) -> Vec<String> {
    let reply = bench.reply(&local(99), &request("a", "audit.tail", params));
    let lines = reply["result"]["lines"].as_array().unwrap_or_else(|| panic!("{reply}"));
    lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// A desk that has done a few things.
fn busy() -> Bench {
    let mut bench = Bench::new();
    bench.view.status.time_ms = 1_790_000_000_000;
    let (ticket, _) = bench.effect(&app_server(), &request(1, "audio.mute", json!({ "muted": true })));
    bench.now += Duration::from_millis(40);
    bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now);
    bench.refused(&Sender::participant("mallory"), &request(2, "audio.mute", json!({ "muted": false })));
    bench.effect(&local(3), &request(3, "camera.snapshot", json!({})));
    bench.now += PATIENCE;
    while bench.desk.expire(bench.now).is_some() {}
    // Its sender leaves; what is done then has its line when it ends.
    let (ticket, _) = bench.effect(&app_server(), &request(4, "camera.snapshot", json!({})));
    bench.desk.forget(&app_server(), bench.now);
    bench.now += Duration::from_millis(7);
    bench.desk.finish(ticket, &Outcome::Snapshot([9].into()), bench.now);
    bench
}

#[test]
fn each_command_leaves_who_what_role_outcome_and_duration() {
    let lines = lines(&mut busy(), json!({}));
    let short: Vec<_> = lines
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            format!("{} {} {} {} {} {}", line["n"], line["who"], line["role"], line["method"], line["outcome"], line["ms"])
        })
        .collect();
    assert_eq!(
        short,
        [
            r#"0 "participant \"app-server\"" "maintain" "audio.mute" "done" 40"#,
            r#"1 "participant \"mallory\"" null "audio.mute" "not_allowed" 0"#,
            r#"2 "local user 1000 (process 4711)" "own" "camera.snapshot" "timed_out" 10000"#,
            r#"3 "participant \"app-server\"" "maintain" "camera.snapshot" "unheard" 7"#,
        ]
    );
    let second: Value = serde_json::from_str(&lines[1]).unwrap();
    let why = "`mallory` may not call audio.mute: it needs the role operate, the caller has no role";
    assert_eq!((&second["why"], second["t"].as_u64()), (&json!(why), Some(1_790_000_000_000)));
}

#[test]
fn a_line_that_is_missing_changed_or_moved_shows() {
    let whole = lines(&mut busy(), json!({}));
    let check = |lines: &[String]| verify(lines.iter().map(String::as_str));
    assert_eq!((check(&whole).lines, check(&whole).breaks.len()), (4, 0));
    // As journalctl shows them, among others.
    let journal: Vec<_> = whole.iter().flat_map(|line| [format!("Nov 21 gate artc-edge[7]: {line}"), "else".into()]).collect();
    assert_eq!((check(&journal).lines, check(&journal).breaks.len()), (4, 0));
    for gone in 1..3 {
        let mut lines = whole.clone();
        lines.remove(gone);
        let why = format!("line {} follows line {}: what is between them is missing", gone + 1, gone - 1);
        assert_eq!(check(&lines).breaks[0].why, why);
    }
    let mut changed = whole.clone();
    changed[1] = changed[1].replace("not_allowed", "done");
    assert_eq!(check(&changed).breaks[0].at, 2);
    let mut swapped = whole.clone();
    swapped.swap(1, 2);
    assert!(!check(&swapped).breaks.is_empty());
    // Whoever gives the lines new numbers has not given them new hashes.
    let mut renumbered = whole.clone();
    renumbered.remove(1);
    for line in &mut renumbered[1..] {
        *line = line.replace("\"n\":2", "\"n\":1").replace("\"n\":3", "\"n\":2");
    }
    assert!(!check(&renumbered).breaks.is_empty());
}

#[test]
fn a_run_goes_on_from_the_one_before_and_a_missing_end_shows() {
    let mut first = busy();
    let mut lines = lines(&mut first, json!({}));
    let mut second = Bench::new();
    // The question for the lines has left one itself.
    let asked = super::super::audit::verify(lines.iter().map(String::as_str)).lines;
    assert_eq!(asked, 4);
    lines.extend(self::lines(&mut first, json!({ "lines": 1 })));
    second.desk.keep(Some(Default::default()), Some(first.desk.audit_hash()));
    second.refused(&app_server(), &request(1, "camera.mode", json!({})));
    let mut both = lines.clone();
    both.extend(self::lines(&mut second, json!({})));
    let check = |lines: &[String]| verify(lines.iter().map(String::as_str));
    assert_eq!((check(&both).breaks.len(), check(&both).anew.len()), (0, 0), "{both:#?}");
    both.remove(lines.len() - 1);
    assert_eq!(check(&both).breaks.len(), 1, "the last line of a run is missing");
    // A run without what was kept begins anew, which is told apart.
    let mut killed = busy();
    lines.extend(self::lines(&mut killed, json!({})));
    assert_eq!((check(&lines).breaks.len(), check(&lines).anew), (0, vec![6]));
}

#[test]
fn questions_and_errors_of_one_sender_have_one_line_in_ten_seconds_and_a_count() {
    let mut bench = Bench::new();
    for _ in 0..30 {
        bench.reply(&app_server(), &request(1, "device.status", json!({})));
        bench.refused(&app_server(), &request(1, "audio.mute", json!({})));
        bench.now += Duration::from_secs(1);
    }
    let lines = lines(&mut bench, json!({ "lines": 100 }));
    assert_eq!(lines.len(), 6, "{lines:#?}");
    let unsaid: u64 =
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["unsaid"].as_u64().unwrap_or_default()).sum();
    assert_eq!(unsaid, 36, "those since the last line are not told yet");
}

#[test]
fn one_line_is_left_for_what_is_run_however_often_it_is_asked_for_and_whoever_is_there_when_it_ends() {
    let mut bench = Bench::new();
    let mute = |id: u64| request(id, "audio.mute", json!({ "muted": true }));
    let (first, _) = bench.effect(&app_server(), &mute(1));
    bench.nothing(&app_server(), &mute(1));
    bench.desk.finish(first, &Outcome::Audio(Box::default()), bench.now).unwrap();
    bench.reply(&app_server(), &mute(1));
    // One comes back in time, one is not there when it takes too long.
    let (second, _) = bench.effect(&app_server(), &mute(2));
    bench.effect(&app_server(), &mute(3));
    bench.desk.forget(&app_server(), bench.now);
    bench.nothing(&app_server(), &mute(2));
    bench.desk.finish(second, &Outcome::Audio(Box::default()), bench.now).unwrap();
    bench.now += PATIENCE;
    assert_eq!(bench.desk.expire(bench.now), None);
    let lines = lines(&mut bench, json!({}));
    let outcomes: Vec<Value> = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["outcome"].take()).collect();
    assert_eq!(outcomes, ["done", "done", "timed_out"]);
}

#[test]
fn the_newest_lines_are_told_and_those_before_a_number_and_memory_is_bounded() {
    let mut bench = Bench::new();
    for number in 0..600 {
        let (ticket, _) = bench.effect(&app_server(), &request(number, "audio.mute", json!({ "muted": number % 2 == 0 })));
        bench.desk.finish(ticket, &Outcome::Audio(Box::default()), bench.now);
        bench.now += Duration::from_millis(100);
    }
    let number = |line: &String| serde_json::from_str::<Value>(line).unwrap()["n"].as_u64().unwrap();
    let newest: Vec<_> = lines(&mut bench, json!({ "lines": 2 })).iter().map(number).collect();
    assert_eq!(newest, [598, 599]);
    let before: Vec<_> = lines(&mut bench, json!({ "lines": 3, "before": 100 })).iter().map(number).collect();
    assert_eq!(before, [97, 98, 99]);
    assert!(lines(&mut bench, json!({ "before": 0 })).is_empty(), "what is out of memory is in the journal");
    let (name, ..) = bench.refused(&local(98), &request(1, "audit.tail", json!({ "lines": 101 })));
    assert_eq!(name, "out_of_range");
    let all = lines(&mut bench, json!({ "lines": 100 }));
    assert!(all.iter().map(String::len).sum::<usize>() < 50 * 1024, "they fit into a reply");
}
