//! What is in the repository is what is made of the command types, and the requests that the page shows are lawful.

use wire::{Incoming, Method};

#[test]
fn every_made_file_is_as_the_types_make_it() {
    for made in wire_codegen::files().unwrap_or_else(|why| panic!("the examples of docs/control.md: {why}")) {
        let there = std::fs::read_to_string(wire_codegen::root().join(made.path)).unwrap_or_default();
        assert!(there == made.text, "{} is old: make generate", made.path);
    }
}

#[test]
fn every_request_that_the_page_shows_is_lawful() {
    let requests = wire_codegen::requests();
    let names: Vec<&str> = requests.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, Method::ALL.iter().map(|method| method.name()).collect::<Vec<_>>());
    for (_, request) in &requests {
        let command = match Incoming::parse(request.to_string().as_bytes()) {
            Ok(Incoming::Request(read)) => read.command(),
            other => panic!("{request}: {other:?}"),
        };
        assert!(
            command.is_ok(),
            "{request}: {command:?}; give its parameters an example that fits (crates/wire-codegen/src/example.rs)"
        );
    }
}
