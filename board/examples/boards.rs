//! Prints docs/boards.md.

fn main() -> Result<(), board::ProfileError> {
    print!("{}", board::table::markdown(&board::embedded()?));
    Ok(())
}
