//! `artc-edge call`: one command to the running daemon, or to a device in a room.

mod room;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, value_parser};
use serde_json::Value;
use wire::error::{Code, ErrorObject};

use super::ConfigArgs;
use crate::control::{
    client::{CallError, call},
    socket,
};
use crate::exit::Exit;

/// Longer than the daemon takes to answer that something did not finish in time.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
const _: () = assert!(PATIENCE.as_secs() > crate::control::PATIENCE.as_secs());

/// Send one command to the running daemon, or with --room to a device anywhere, and print its answer.
///
/// Without --room it goes by the daemon's local unix socket. With it, this program joins the room as somebody who sends and sees nothing;
/// give it a token of its own, best one of `artc-edge token --hidden`. `artc-edge call rpc.discover` lists the methods.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  artc-edge call device.status
  artc-edge call camera.set_control '{\"name\": \"brightness\", \"value\": 140}'
  artc-edge call camera.snapshot --output picture.jpg
  artc-edge call --room wss://rooms.example.com --token-file door.token device.status")]
pub struct Call {
    /// The method, such as camera.modes
    method: String,
    /// Its parameters, a JSON object; `-` reads it from standard input
    #[arg(value_name = "JSON")]
    params: Option<String>,
    /// The daemon's socket [default: as configured]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE.as_secs(), value_parser = value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Write the picture of a snapshot to this file instead of printing it
    #[arg(long, short, value_name = "FILE", conflicts_with = "room")]
    output: Option<PathBuf>,
    #[command(flatten)]
    room: room::RoomArgs,
}

impl Call {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        let params = match self.params.as_deref().map(read_params).transpose() {
            Ok(params) => params,
            Err(why) => return super::complain(Exit::Usage, why),
        };
        let patience = Duration::from_secs(self.timeout);
        let answer = match self.room.way() {
            Ok(None) => ask(&config, self.socket, &self.method, params, patience),
            Ok(Some(way)) => room::call(&way, &self.method, params, patience).map_err(|why| super::complain(why.exit(), why)),
            Err(why) => Err(super::complain(why.exit(), why)),
        };
        match answer {
            Ok(answer) => match self.output {
                Some(file) => save(&answer, &file),
                None => super::print_json(&answer),
            },
            Err(exit) => exit,
        }
    }
}

/// Calls `method` on the daemon that listens on `path`, or where it listens as configured; complains when there is no answer.
pub(super) fn ask(
    config: &ConfigArgs,
    path: Option<PathBuf>,
    method: &str,
    params: Option<Value>,
    patience: Duration,
) -> Result<Value, Exit> {
    let path = match path {
        Some(path) => path,
        None => socket::find(&config.load()?.config.control, |name| std::env::var(name).ok()),
    };
    call(&path, method, params, patience).map_err(|why| super::complain(exit(&why), why))
}

fn read_params(text: &str) -> Result<Value, String> {
    let mut input = String::new();
    let text = if text == "-" {
        std::io::stdin().lock().read_to_string(&mut input).map_err(|why| format!("standard input: {why}"))?;
        &input
    } else {
        text
    };
    match serde_json::from_str(text) {
        Ok(params @ Value::Object(_)) => Ok(params),
        Ok(_) => Err("the parameters are no JSON object; write them by name, such as '{\"name\": \"brightness\"}'".into()),
        Err(why) => Err(format!("the parameters are no JSON: {why}; write them by name, such as '{{\"name\": \"brightness\"}}'")),
    }
}

/// Writes the bytes that an answer carries.
fn save(answer: &Value, file: &Path) -> Exit {
    let Some(Ok(bytes)) = answer.get("base64").and_then(Value::as_str).map(|text| STANDARD.decode(text)) else {
        return super::complain(Exit::Usage, "this answer carries no file; leave out --output");
    };
    match fs::write(file, &bytes) {
        Ok(()) => super::print(&format!("{}: {} bytes\n", file.display(), bytes.len())),
        Err(why) => super::complain(Exit::of_io(&why), format!("{}: {why}", file.display())),
    }
}

pub(super) fn exit(why: &CallError) -> Exit {
    match why {
        CallError::NotRunning { .. } => Exit::Unavailable,
        CallError::Denied { .. } => Exit::Permission,
        CallError::Broken { .. } | CallError::TimedOut { .. } => Exit::TryAgain,
        CallError::Garbled { .. } => Exit::Bug,
        CallError::Refused(error) => exit_of(error),
    }
}

/// How a refusal of the device ends the process.
fn exit_of(error: &ErrorObject) -> Exit {
    match Code::from_number(error.code) {
        Some(Code::MethodNotFound | Code::InvalidParams | Code::OutOfRange | Code::UnknownName | Code::MessageTooLarge) => {
            Exit::Usage
        }
        Some(Code::NotAllowed | Code::LocalOnly) => Exit::Permission,
        Some(Code::NotAvailable | Code::DeviceFailed) => Exit::Unavailable,
        Some(Code::RateLimited | Code::TooManyInFlight | Code::TimedOut) => Exit::TryAgain,
        _ => Exit::Bug,
    }
}
