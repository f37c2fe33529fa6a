//! Packs the files of the built viewer page for embedding. Without them the server says so on its front page.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};

fn main() {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("../../web/dist");
    let root = root.canonicalize().unwrap_or(root);
    let out = PathBuf::from(env("OUT_DIR"));
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        let Ok(name) = file.strip_prefix(&root) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        let content = std::fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
        let packed = pack(&content);
        // Pictures and fonts are packed already.
        let (content, gzip) = if packed.len() < content.len() { (packed, true) } else { (content, false) };
        let place = out.join(format!("viewer-{index}"));
        write(&place, &content);
        let _ = writeln!(
            table,
            "    File {{ name: {name:?}, gzip: {gzip}, content: include_bytes!({:?}) }},",
            place.display().to_string()
        );
    }
    table.push_str("]\n");
    write(&out.join("viewer.rs"), table.as_bytes());
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

/// Writes what has changed only: a rewritten file would compile the crate again.
fn write(path: &Path, content: &[u8]) {
    if std::fs::read(path).ok().as_deref() != Some(content) {
        std::fs::write(path, content).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }
}

fn pack(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content).and_then(|()| gzip.finish()).unwrap_or_else(|error| panic!("cannot pack in memory: {error}"))
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
