//! docs/boards.md says what the profiles say, and its example is a profile.

use board::{Profile, embedded, table};

#[test]
fn the_document_is_what_the_profiles_make_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/boards.md");
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let made = table::markdown(&embedded().unwrap_or_else(|why| panic!("{why}")));
    assert!(there == made, "docs/boards.md is old: cargo run -p board --example boards >docs/boards.md");
}

#[test]
fn the_example_declares_everything_that_can_be_declared() {
    let text = include_str!("../profiles/example.toml");
    let example = Profile::parse("example.toml", text).unwrap_or_else(|why| panic!("{why}"));
    assert!(example.ir_cut.is_some() && example.fan.is_some() && example.watchdog.is_some() && example.storage.is_some());
    let parts = [
        example.lines.len(),
        example.leds.len(),
        example.buttons.len(),
        example.relays.len(),
        example.cameras.len(),
        example.sounds.len(),
    ];
    assert!(parts.iter().all(|count| *count > 0), "{parts:?}");
    assert_eq!(
        (example.owner("lamp"), example.owner("cooler"), example.owner("door")),
        (Some("the IR-cut filter"), Some("the fan"), None)
    );
}

#[test]
fn each_profile_of_a_board_names_its_sources() {
    for profile in embedded().unwrap_or_else(|why| panic!("{why}")) {
        let generic = profile.badge.id.starts_with("generic");
        assert!(generic || profile.text.contains("# Facts: "), "{} says nowhere where its facts come from", profile.origin);
    }
}
