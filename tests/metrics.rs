//! The list of metrics and the sources say the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use artc_edge::telemetry::metrics::{Kind, METRICS};

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting = vec![root.join("src"), root.join("crates"), root.join("board")];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            // The app server has a list of its own, which it compares with its own sources.
            let tests = path.file_name().is_some_and(|name| name == "tests" || name == "target" || name == "artc-room");
            let entries = fs::read_dir(&path).expect("readable").flatten().map(|entry| entry.path());
            waiting.extend(entries.filter(|_| !tests));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("telemetry/metrics.rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            found.push((path.clone(), fs::read_to_string(&path).expect("readable")));
        }
    }
    found
}

/// Names that are counted somewhere, with the kind of macro and the file.
fn used() -> BTreeMap<String, (Kind, PathBuf)> {
    let mut used = BTreeMap::new();
    for (path, text) in sources() {
        for (call, kind) in [("counter!(", Kind::Counter), ("gauge!(", Kind::Gauge), ("histogram!(", Kind::Histogram)] {
            for (at, _) in text.match_indices(call) {
                let rest = text[at + call.len()..].trim_start();
                if let Some(name) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    used.insert(name.to_owned(), (kind, path.clone()));
                }
            }
        }
    }
    used
}

#[test]
fn everything_that_is_counted_is_on_the_list() {
    let listed: BTreeMap<&str, Kind> = METRICS.iter().map(|metric| (metric.name, metric.kind)).collect();
    let missing: Vec<String> = used()
        .iter()
        .filter(|(name, (kind, _))| listed.get(name.as_str()) != Some(kind))
        .map(|(name, (kind, path))| format!("{name}: a {kind:?} in {}", path.display()))
        .collect();
    assert!(missing.is_empty(), "add to METRICS in src/telemetry/metrics.rs:\n{}", missing.join("\n"));
}

#[test]
fn everything_on_the_list_is_counted() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    // Some are named by a constant, so any mention in quotes counts.
    let idle: Vec<&str> = METRICS
        .iter()
        .map(|metric| metric.name)
        .filter(|name| *name != "artc_build_info" && !all.contains(&format!("\"{name}\"")))
        .collect();
    assert!(idle.is_empty(), "nobody counts these; take them off METRICS in src/telemetry/metrics.rs: {idle:?}");
}

#[test]
fn names_follow_the_rules() {
    let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "each is listed once");
    for metric in METRICS {
        assert!(metric.name.starts_with("artc_"), "{}", metric.name);
        assert_eq!(
            metric.name.ends_with("_total"),
            metric.kind == Kind::Counter,
            "{}: counters, and they alone, end in _total",
            metric.name
        );
        assert!(metric.help.ends_with('.') && metric.help.len() > 12, "{}: the help is a sentence", metric.name);
    }
}
