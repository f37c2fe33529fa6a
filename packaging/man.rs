//! Writes the manual page of the command line to standard output: the page itself, and each subcommand with its options.

use std::io::{self, Write};

use clap_mangen::Man;

fn main() -> io::Result<()> {
    let command = artc_edge::cli::command();
    let mut page = Vec::new();
    Man::new(command.clone()).date("").render(&mut page)?;
    for subcommand in command.get_subcommands() {
        let name = format!("artc-edge {}", subcommand.get_name());
        let subcommand = subcommand.clone().bin_name(name.clone());
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        let part = Man::new(subcommand);
        part.render_description_section(&mut page)?;
        part.render_synopsis_section(&mut page)?;
        part.render_options_section(&mut page)?;
    }
    io::stdout().lock().write_all(&page)
}
