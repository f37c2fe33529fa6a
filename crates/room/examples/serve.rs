//! Runs a room by itself, for trying clients against it:
//! `cargo run --release -p room --example serve -- [--listen 127.0.0.1:7880] [--media-port 7882] [--tcp-port 7881]
//! [--key devkey] [--secret secret] [--room camera] [--identity viewer] [--app ID --app-key-file FILE]`.
//! Prints the addresses, with `RUST_LOG=info` also what happens, and a token that may do everything in the room. Ctrl-C ends it.

use std::time::Duration;

use room::token::{Claims, Secret, VideoGrant};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted: Targets = std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()).parse()?;
    tracing_subscriber::registry().with(fmt::layer().with_writer(std::io::stderr)).with(wanted).init();
    let mut config = room::Config { api_key: "devkey".to_owned(), ..Default::default() };
    let (mut secret, mut room, mut identity) = ("secret".to_owned(), "camera".to_owned(), "viewer".to_owned());
    let mut app = String::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--listen" => config.listen = value.parse()?,
            "--media-port" => config.media_port = value.parse()?,
            "--tcp-port" => config.tcp_port = value.parse()?,
            "--key" => config.api_key = value,
            "--secret" => secret = value,
            "--room" => room = value,
            "--identity" => identity = value,
            "--joins-per-second" => config.max_joins_per_second = value.parse()?,
            "--app" => app = value,
            "--app-key-file" => _ = config.apps.insert(app.clone(), room::App { key_file: value.into() }),
            "--tls-cert" => config.tls_cert = Some(value.into()),
            "--tls-key" => config.tls_key = Some(value.into()),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async move {
        let server = room::Server::start_with(config, Secret::new(secret))?;
        let grant = VideoGrant {
            room_admin: true,
            room_create: true,
            room_list: true,
            can_update_own_metadata: Some(true),
            ..VideoGrant::join(&room)
        };
        let claims = Claims { sub: identity, video: Some(grant), ..Default::default() };
        let token = server.mint(claims, Duration::from_secs(24 * 3600))?;
        println!("url    {}", server.signal_url());
        println!("media  udp {} tcp {:?}", server.media(), server.tcp());
        println!("token  {token}");
        println!("viewer {}/#token={token}&room={room}", server.url());
        tokio::signal::ctrl_c().await?;
        server.stop().await;
        Ok(())
    })
}
