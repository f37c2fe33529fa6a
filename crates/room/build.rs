//! Lists the files of the built viewer page for embedding. Without them the server says so on its front page.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("../../web/dist");
    let root = root.canonicalize().unwrap_or(root);
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let Ok(name) = file.strip_prefix(&root) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    table.push_str("]\n");
    let out = PathBuf::from(env("OUT_DIR")).join("viewer.rs");
    // A changed table only: a rewritten file would compile the crate again.
    if std::fs::read_to_string(&out).ok().as_deref() != Some(table.as_str()) {
        std::fs::write(&out, table).unwrap_or_else(|error| panic!("cannot write {}: {error}", out.display()));
    }
    println!("cargo:rerun-if-changed=build.rs");
    // The folder itself where it exists, else the one it will appear in.
    let watched = if root.exists() { root } else { PathBuf::from(env("CARGO_MANIFEST_DIR")).join("../../web") };
    if watched.exists() {
        println!("cargo:rerun-if-changed={}", watched.display());
    }
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_none_or(|extension| extension != "map") {
            files.push(path.canonicalize().unwrap_or(path));
        }
    }
}
