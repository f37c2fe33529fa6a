//! Writes what is made of the command types; names each file that was not so yet.

use std::{fs, io};

fn main() -> io::Result<()> {
    for made in wire_codegen::files()? {
        let path = wire_codegen::root().join(made.path);
        if fs::read_to_string(&path).is_ok_and(|there| there == made.text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, made.text)?;
        println!("{}", made.path);
    }
    Ok(())
}
