//! How the binary is linked. Not for finding anything out: what the build depends on is in Cargo.toml.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Tables of addresses to be moved at the start take a tenth of their room in this form. glibc reads it since 2.36.
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu") {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
