//! Files that are written from the command types of `wire`: the OpenRPC document, its page for people, and what the clients in
//! TypeScript and Python know of methods and types. `make generate` writes them; `tests/generated.rs` fails when one differs.
//!
//! It reads the document that `rpc.discover` answers and nothing else, so what a device says of itself and what is written here
//! cannot differ. It is for making files: nothing of it is linked into the daemon.
#![forbid(unsafe_code)]

mod example;
mod names;
mod page;
mod python;
mod schema;
mod typescript;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use schema::Document;

/// A file that is made: its path below the repository, and what it holds.
#[derive(Debug)]
pub struct Made {
    /// Where it belongs.
    pub path: &'static str,
    /// Its text.
    pub text: String,
}

/// The repository that this was built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file that is made of the command types.
///
/// # Errors
/// The examples that docs/control.md shows cannot be read.
pub fn files() -> io::Result<Vec<Made>> {
    let document = Document::read(wire::openrpc::document());
    let shown = |path: &str| std::fs::read_to_string(root().join(path));
    let examples = page::Examples {
        typescript: shown("clients/typescript/examples/command.ts")?,
        python: shown("clients/python/examples/command.py")?,
        local: shown("clients/python/examples/local.py")?,
    };
    Ok(vec![
        Made { path: "docs/control/openrpc.json", text: format!("{:#}\n", wire::openrpc::document()) },
        Made { path: "crates/wire/src/discovery.json", text: format!("{}\n", wire::openrpc::brief()) },
        Made { path: "docs/control.md", text: page::write(&document, &examples) },
        Made { path: "clients/typescript/src/methods.ts", text: typescript::types(&document) },
        Made { path: "clients/typescript/src/commands.ts", text: typescript::commands(&document) },
        Made { path: "clients/python/artc_edge/methods.py", text: python::write(&document) },
    ])
}

/// The request that docs/control.md shows for each method, and the method's name.
pub fn requests() -> Vec<(String, Value)> {
    let document = Document::read(wire::openrpc::document());
    document.methods.iter().map(|method| (method.name.clone(), example::request(method, &document))).collect()
}
