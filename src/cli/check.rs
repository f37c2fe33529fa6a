//! `artc-edge check`: would this configuration run?

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::config::{self, EngineKind, File, Sources};
use crate::exit::Exit;

/// Check a configuration without running it.
///
/// Reads the file with the `conf.d/*.toml` next to it, the board's profile, what was set by command and the variables ARTC__*, as `run` would, and says
/// everything that is wrong, each with file, line and column; with the engine "sdk" it looks into the SDK's folder. Devices and the
/// network are not touched, and nothing is started; that is what `doctor` does.
#[derive(Debug, Args)]
pub struct Check {
    /// The file; `-` reads standard input [default: /etc/artc-edge/config.toml, if it is there]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Say nothing when all is well
    #[arg(long, short)]
    quiet: bool,
}

impl Check {
    pub(super) fn go(self, config: Option<PathBuf>) -> Exit {
        let file = match self.file.or(config) {
            None => File::Default,
            Some(path) if path == Path::new("-") => {
                let mut text = String::new();
                if let Err(why) = std::io::stdin().lock().read_to_string(&mut text) {
                    eprintln!("artc-edge: standard input: {why}");
                    return Exit::Configuration;
                }
                File::Text { name: "<stdin>".into(), text }
            }
            Some(path) => File::Named(path),
        };
        let stdin = matches!(file, File::Text { .. });
        let loaded = match config::load(&Sources::of_process(file)) {
            Ok(loaded) => loaded,
            Err(why) => return super::wrong_configuration(&why),
        };
        let sdk = &loaded.config.engine.sdk;
        if let (EngineKind::Sdk, Some(path)) = (loaded.config.engine.kind, &sdk.path)
            && let Err(why) = artc_bindings::sdk::look(path)
        {
            eprintln!("artc-edge: {why}");
            return Exit::Configuration;
        }
        if self.quiet {
            return Exit::Ok;
        }
        let mut read: Vec<String> = loaded.files.iter().map(|path| path.display().to_string()).collect();
        if stdin {
            read.push("<stdin>".into());
        }
        if read.is_empty() {
            read.push("no file, built-in values".into());
        }
        super::print(&format!("{}: ok (board {})\n", read.join(", "), loaded.board.badge.id))
    }
}
