//! The compliance table answers every provision of the standard once, and every proof that it names is there. Whether an answer is
//! right is for people to judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// EN 303 645 V3.1.3, Table B.1.
const PROVISIONS: [(&str, &[&str]); 14] = [
    ("5.0", &["1"]),
    ("5.1", &["1", "2", "2A", "3", "4", "5"]),
    ("5.2", &["1", "2", "3"]),
    ("5.3", &["1", "2", "3", "4A", "4B", "5", "6A", "6B", "7", "8", "9", "10", "11", "12", "13", "14", "15A", "15B", "16"]),
    ("5.4", &["1", "2", "3", "4"]),
    ("5.5", &["1", "2", "3", "4", "5", "6", "7", "8"]),
    ("5.6", &["1", "2", "3", "4A", "4B", "5", "6", "7", "8", "9"]),
    ("5.7", &["1", "2"]),
    ("5.8", &["1", "2", "3"]),
    ("5.9", &["1", "2", "3"]),
    ("5.10", &["1"]),
    ("5.11", &["1", "2", "3", "4"]),
    ("5.12", &["1", "2", "3"]),
    ("5.13", &["1A", "1B"]),
];
const DATA_PROTECTION: [&str; 9] = ["6-1", "6-2", "6-3A", "6-3B", "6-4", "6-5", "6-6", "6-7", "6-8"];
const ANSWERS: [&str; 4] = ["met", "integrator", "not applicable", "not met"];
/// New in V3, or split by it: the table must say so.
const TO_BE_READ: [&str; 16] = [
    "5.1-2A", "5.3-4A", "5.3-4B", "5.3-6A", "5.3-6B", "5.3-15A", "5.3-15B", "5.6-4A", "5.6-4B", "5.13-1A", "5.13-1B", "6-3A",
    "6-3B", "6-6", "6-7", "6-8",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compliance")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of the rows that begin with the number of a provision.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells[0].starts_with(|first: char| first.is_ascii_digit()))
        .collect()
}

/// Where the links of a text lead to.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn every_provision_has_one_answer_and_a_proof() {
    let mut wanted: Vec<String> =
        PROVISIONS.iter().flat_map(|(clause, numbers)| numbers.iter().map(move |number| format!("{clause}-{number}"))).collect();
    wanted.extend(DATA_PROTECTION.map(str::to_owned));
    assert_eq!(wanted.len(), 78, "as many as the standard has");

    let text = read("etsi-303645.md");
    let mut found = BTreeMap::new();
    for cells in rows(&text) {
        let [number, about, answer, what, proof] = cells[..] else { panic!("a row has not five cells: {cells:?}") };
        let (number, marked) = number.strip_suffix(" †").map_or((number, false), |number| (number, true));
        assert_eq!(marked, TO_BE_READ.contains(&number), "{number}: marked as one whose text is to be read");
        assert!(!about.is_empty(), "{number} does not say what it is about");
        assert!(ANSWERS.contains(&answer), "{number}: {answer:?} is no answer");
        // 5.0-1 asks for the reason of everything that is not met.
        assert!(!what.is_empty() || answer == "integrator", "{number} is {answer} and does not say how, or why");
        assert!(!links(proof).is_empty(), "{number} has no proof");
        assert!(found.insert(number.to_owned(), answer).is_none(), "{number} is answered twice");
    }
    let missing: Vec<_> = wanted.iter().filter(|number| !found.contains_key(*number)).collect();
    assert!(missing.is_empty(), "not answered: {missing:?}");
    let unknown: Vec<_> = found.keys().filter(|number| !wanted.contains(number)).collect();
    assert!(unknown.is_empty(), "not in the standard: {unknown:?}");
}

#[test]
fn what_is_linked_is_there() {
    for name in ["README.md", "etsi-303645.md", "privacy.md"] {
        let text = read(name);
        let links = links(&text);
        for link in &links {
            let path = folder().join(link.split('#').next().unwrap_or(link));
            assert!(path.exists(), "{name} leads to {link}, which is not there");
        }
    }
}
