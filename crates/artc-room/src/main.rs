//! `artc-room`: the app server as a program of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use artc_room::{Config, Server, StartError};
use clap::Parser;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// As sysexits.h has them.
const USAGE: u8 = 64;
const TRY_AGAIN: u8 = 75;
const CONFIGURATION: u8 = 78;

/// A room that devices and browsers join, and the calls that bring them there, over an MQTT broker.
///
/// Runs until Ctrl-C or SIGTERM. The environment variable ARTC_LOG says what is logged, such as "info" or "warn,room=debug".
#[derive(Debug, Parser)]
#[command(name = "artc-room", version)]
struct Arguments {
    /// Configuration file, which artc-room.toml explains [default: /etc/artc-room/artc-room.toml]
    #[arg(long, short, value_name = "FILE", default_value = "/etc/artc-room/artc-room.toml", hide_default_value = true)]
    config: PathBuf,
    /// Only say what is wrong with it.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(why) => {
            let _ = why.print();
            return if why.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let config = match Config::read(&arguments.config) {
        Ok(config) => config,
        Err(why) => return complain(CONFIGURATION, &why),
    };
    if arguments.check {
        println!("{}: nothing is wrong with it", arguments.config.display());
        return ExitCode::SUCCESS;
    }
    let wanted = std::env::var("ARTC_LOG").unwrap_or_else(|_| "info".into());
    let wanted: Targets = match wanted.parse() {
        Ok(wanted) => wanted,
        Err(why) => return complain(USAGE, &format!("environment variable ARTC_LOG: {why}")),
    };
    tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).with(wanted).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return complain(TRY_AGAIN, &format!("no threads to start with: {why}")),
    };
    runtime.block_on(run(&config))
}

async fn run(config: &Config) -> ExitCode {
    let server = match Server::start(config) {
        Ok(server) => server,
        Err(why @ StartError::Configuration(_)) => return complain(CONFIGURATION, &why.to_string()),
        Err(why) => return complain(TRY_AGAIN, &why.to_string()),
    };
    if let Some(room) = server.room() {
        println!("room    {}", room.signal_url());
    }
    if let Some(address) = server.http() {
        println!("http    {address}");
    }
    if let Some(address) = server.telemetry() {
        println!("metrics {address}");
    }
    if let Some(address) = server.rtmp() {
        println!("rtmp    {address}");
    }
    if let Some(broker) = config.calls.broker.as_ref().filter(|_| config.calls.enabled) {
        println!("calls   {broker}");
    }
    if let Err(why) = signal().await {
        tracing::error!("signals cannot be listened to: {why}");
    }
    server.stop().await;
    ExitCode::SUCCESS
}

/// Waits until something asks to stop.
async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done,
        _ = terminate.recv() => Ok(()),
    }
}

fn complain(code: u8, why: &str) -> ExitCode {
    eprintln!("artc-room: {why}");
    code.into()
}
