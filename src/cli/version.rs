//! `artc-edge version`: which build this is.

use clap::Args;

use crate::exit::Exit;
use crate::version::VERSION;

/// Say which version this is and what is in it.
#[derive(Debug, Args)]
pub struct Version {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Version {
    pub(super) fn go(self) -> Exit {
        if self.json {
            return super::print_json(&VERSION);
        }
        super::print(&format!(
            "{} {}{}\ntarget    {}\nengines   {}\nencoders  {}\nlicence   {} (of all parts: {})\n",
            VERSION.name,
            VERSION.version,
            VERSION.commit.map(|commit| format!(" ({commit})")).unwrap_or_default(),
            VERSION.target,
            VERSION.engines.join(", "),
            VERSION.encoders.join(", "),
            VERSION.license,
            VERSION.notices,
        ))
    }
}
