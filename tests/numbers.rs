//! The table of numbers in SPECIFICATION.md and the rows of `make bench` name each other: no number is promised that nothing
//! measures, and none is measured in secret.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
}

/// What stands between the first two `mark`s of `text`.
fn quoted(text: &str, mark: char) -> Option<&str> {
    text.split(mark).nth(1)
}

#[test]
fn each_number_has_its_row_and_each_row_its_number() {
    let specification = read("SPECIFICATION.md");
    let (_, numbers) = specification.split_once("## Numbers").expect("the table's heading");
    let lines = numbers.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |"));
    let promised: BTreeSet<_> = lines
        .map(|line| line.split(" | ").nth(2).and_then(|row| quoted(row, '`')).unwrap_or_else(|| panic!("no row: {line}")))
        .collect();
    let program = read("bench/bench.py");
    let (_, rows) = program.split_once("ROWS = {").expect("the program's rows");
    let rows = rows.lines().take_while(|line| !line.starts_with('}'));
    let measured: BTreeSet<_> = rows.filter_map(|line| quoted(line, '"')).collect();
    assert!(promised.len() > 5, "{promised:?}");
    assert_eq!(promised, measured);
}
