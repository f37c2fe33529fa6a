//! `artc-edge token`: a join token.

use std::{
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use artc_bindings::token::AuthInfo;
use clap::Args;
use room::token::{Claims, Key, Secret, VideoGrant};
use wire::{Method, Role};

use super::ConfigArgs;
use crate::config;
use crate::exit::Exit;

/// Mint a join token and print it, and nothing else.
///
/// It is signed with the room's key as configured, or with the one given here: any LiveKit server that has the same key takes it.
/// With --app-id it is made by the ARTC vendor's rule instead. With --viewer the running daemon makes an address of its viewer page,
/// as it prints one at its start. With --call it prints the address of a room's call page, with the token in it. Secrets are read from files
/// only, because arguments are seen by all.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  artc-edge token --viewer
  artc-edge token --identity alice
  artc-edge token --identity wall --watch --ttl 7d
  artc-edge token --identity guard --command-role operate
  artc-edge token --identity alice --room desk --call https://door.example:7880
  artc-edge token --identity camera-17 --room gate --api-key APIabc --secret-file /etc/artc-edge/room.secret
  artc-edge token --identity camera-17 --room gate --app-id 4711 --secret-file app.key")]
pub struct Token {
    /// Who joins: unique in the room; a second one of the same name replaces the first
    #[arg(long, value_name = "NAME", required_unless_present = "viewer")]
    identity: Option<String>,
    /// Ask the running daemon for a new address of its viewer page: good for an hour and any number of browsers
    #[arg(long, conflicts_with_all = ["identity", "room", "name", "ttl", "watch", "hidden", "admin", "command_role", "call", "api_key", "app_id", "secret_file"])]
    viewer: bool,
    /// Which room (channel) [default: as configured]
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// The name that others see
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// How long it is good: 90s, 15m, 12h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time)]
    ttl: Duration,
    /// May only watch: not publish, not send data
    #[arg(long, conflicts_with = "admin")]
    watch: bool,
    /// Is not shown to others
    #[arg(long)]
    hidden: bool,
    /// May rule over the room: list, mute and remove others
    #[arg(long)]
    admin: bool,
    /// The role for commands that it asks for: observe, operate, maintain, own. A device gives it as far as its `control.token_role` goes
    #[arg(long, value_name = "ROLE", conflicts_with = "watch", value_parser = parse_role)]
    command_role: Option<Role>,
    /// Print the address of the call page of the room at ADDRESS, as browsers reach it: whoever opens it may join with camera and
    /// microphone, with --watch only watch
    #[arg(long, value_name = "ADDRESS", value_parser = parse_page)]
    call: Option<String>,
    /// Sign as this API key [default: as configured]
    #[arg(long, value_name = "KEY", requires = "secret_file")]
    api_key: Option<String>,
    /// Make it by the vendor's rule for this app
    #[arg(long, value_name = "ID", requires = "secret_file", conflicts_with_all = ["api_key", "watch", "hidden", "admin", "command_role", "name"])]
    app_id: Option<String>,
    /// File with the secret of --api-key, or the app key of --app-id, on its first line; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl Token {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        if self.viewer {
            return viewer(&config);
        }
        #[expect(clippy::disallowed_methods, reason = "a process that lives for a moment: its clock is the one of its start")]
        let now = SystemTime::now();
        match self.mint(config, now) {
            Ok(token) => super::print(&(token + "\n")),
            Err(exit) => exit,
        }
    }

    fn mint(self, config: ConfigArgs, now: SystemTime) -> Result<String, Exit> {
        let usage = |why: &dyn std::fmt::Display| super::complain(Exit::Usage, why);
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if since_1970 < Duration::from_secs(1_600_000_000) {
            return Err(super::complain(
                Exit::TryAgain,
                "the clock says a time before 2020; set it first, or the token is expired at birth",
            ));
        }
        let identity = self.identity.unwrap_or_default();
        if identity.is_empty() {
            return Err(usage(&"--identity is empty; name who joins"));
        }
        let given = self.secret_file.as_deref().map(given_secret).transpose()?;
        // With everything given there is nothing to look up, so no configuration is needed.
        let configured = if self.room.is_none() || given.is_none() { Some(config.load()?.config.room) } else { None };
        let room = self.room.or_else(|| Some(configured.as_ref()?.channel.clone())).unwrap_or_default();
        if room.is_empty() {
            return Err(usage(&"--room is empty; name the room"));
        }
        let printed = |token: &str| match &self.call {
            Some(at) => crate::app::page_address(&format!("{at}/call"), &room, token),
            None => token.to_owned(),
        };
        if let (Some(app_id), Some(app_key)) = (&self.app_id, &given) {
            if self.ttl > artc_bindings::token::MAX_LIFETIME {
                return Err(usage(&"--ttl: by the vendor's rule a token is good for 24h at most"));
            }
            let mut info = AuthInfo {
                channel: room.clone(),
                user_id: identity,
                app_id: app_id.clone(),
                timestamp: (since_1970 + self.ttl).as_secs() as i64,
                ..AuthInfo::default()
            };
            let token = artc_bindings::token::generate(&mut info, app_key).map_err(|why| usage(&why))?;
            return Ok(printed(token.expose()));
        }
        let secret = match (given, configured.as_ref().and_then(|room| room.api_secret_file.clone())) {
            (Some(secret), _) => secret,
            (None, Some(path)) => read_secret("`room.api_secret_file`", path, Exit::Configuration)?,
            (None, None) => {
                let why = "no secret to sign with: the room makes one of its own at each start; set `room.api_secret_file`, or give \
                           --api-key and --secret-file";
                return Err(super::complain(Exit::Configuration, why));
            }
        };
        let key = self.api_key.or_else(|| configured.map(|room| room.api_key)).unwrap_or_default();
        let may = Some(!self.watch);
        let grant = VideoGrant {
            room_admin: self.admin,
            can_publish: may,
            can_subscribe: Some(true),
            can_publish_data: may,
            hidden: self.hidden,
            ..VideoGrant::join(&room)
        };
        let role = self.command_role.map(|role| ("artc.command.role".to_owned(), role.name().to_owned()));
        let attributes = role.into_iter().collect();
        let name = self.name.unwrap_or_default();
        let claims = Claims { sub: identity, name, attributes, video: Some(grant), ..Claims::default() };
        Key::new(key, Secret::new(secret)).mint(claims, self.ttl, now).map(|token| printed(&token)).map_err(|why| usage(&why))
    }
}

/// The daemon has the key of its room, which may be a new one at each start, so it is the daemon that is asked.
fn viewer(config: &ConfigArgs) -> Exit {
    match super::call::ask(config, None, Method::ViewerAddress.name(), None, super::call::PATIENCE) {
        Ok(answer) => match serde_json::from_value::<wire::viewer::Address>(answer) {
            Ok(viewer) => super::print(&(viewer.address + "\n")),
            Err(why) => super::complain(Exit::Bug, format!("the daemon's answer is no address: {why}")),
        },
        Err(exit) => exit,
    }
}

fn given_secret(path: &Path) -> Result<String, Exit> {
    if path != Path::new("-") {
        return read_secret("--secret-file", path.to_owned(), Exit::Usage);
    }
    let mut text = String::new();
    let wrong = |why: String| super::complain(Exit::Usage, format!("standard input: {why}"));
    std::io::stdin().lock().read_to_string(&mut text).map_err(|why| wrong(why.to_string()))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(wrong("empty; the secret goes on its first line".into())),
    }
}

fn read_secret(key: &'static str, path: PathBuf, exit: Exit) -> Result<String, Exit> {
    config::read_secret(key, path).map_err(|why| super::complain(if why.is_permission() { Exit::Permission } else { exit }, why))
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| format!("`{text}` is no role; there are {}", Role::ALL.map(Role::name).join(", ")))
}

/// Where a room's pages are, without the slash at the end.
fn parse_page(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    if rest.is_empty() || rest.starts_with('/') || rest.contains(['#', '?', ' ']) {
        return Err(format!(
            "`{text}` is no address of a room's pages; write https://HOST:PORT, or http://127.0.0.1:PORT on its machine"
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// `90s`, `15m`, `12h`, `7d`; a bare number counts seconds.
fn parse_time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; write 90s, 15m, 12h or 7d");
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).ok_or_else(wrong)?;
    if !(1..=3650 * 86_400).contains(&seconds) {
        return Err("a token is good for one second at least and ten years at most".into());
    }
    Ok(Duration::from_secs(seconds))
}
