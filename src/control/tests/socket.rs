//! The local socket, through the file system and back.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::client::{CallError, call};
use super::super::limits::LONGEST_MESSAGE;
use super::super::socket::{Arrival, BindError, Server, find, path};
use super::super::{Config, Desk, Outcome, Sender, Step};
use super::view;

const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until `asked` is done: answers as the daemon does.
fn serve<T: Send + 'static>(socket: &Path, asked: impl FnOnce() -> T + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = Server::bind(socket, None).unwrap();
        let mut desk = Desk::new(&Config::default());
        let view = view();
        let asked = tokio::task::spawn_blocking(asked);
        tokio::pin!(asked);
        loop {
            let arrival = tokio::select! {
                arrival = server.next() => arrival.unwrap(),
                done = &mut asked => return done.unwrap(),
            };
            match arrival {
                Arrival::Message { from, message } => match desk.receive(&from, &message, &view, Duration::ZERO) {
                    Step::Send(letter) => server.send(letter),
                    Step::Do { ticket, .. } => {
                        let outcome = Outcome::Snapshot(vec![7; 300_000].into());
                        desk.finish(ticket, &outcome, Duration::ZERO).into_iter().for_each(|letter| server.send(letter));
                    }
                    _ => (),
                },
                Arrival::Gone(who) => desk.forget(&who, Duration::ZERO),
            }
        }
    })
}

#[test]
fn a_call_is_answered_refused_or_served_a_whole_picture() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("new/control.sock");
    let at = socket.clone();
    serve(&socket, move || {
        let info = call(&at, "device.info", None, PATIENCE).unwrap();
        assert_eq!(info["name"], "gate");
        let error = call(&at, "audio.set_volume", Some(json!({ "volume": 200 })), PATIENCE).unwrap_err();
        assert!(matches!(&error, CallError::Refused(error) if error.code == 2007));
        assert_eq!(
            error.to_string(),
            "volume 200 is not between 0 and 100 (out_of_range; camera.controls, camera.modes, stream.get and rpc.discover tell the ranges)"
        );
        let picture = call(&at, "camera.snapshot", Some(json!({})), PATIENCE).unwrap();
        assert_eq!((picture["bytes"].as_u64(), picture["base64"].as_str().unwrap().len()), (Some(300_000), 400_000));
        let mode = std::fs::metadata(&at).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for the daemon's user alone");
    });
    assert!(!socket.exists(), "a server that ends removes its socket");
}

#[test]
fn lines_may_come_in_pieces_many_at_once_too_long_and_without_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let at = socket.clone();
    serve(&socket, move || {
        let mut stream = UnixStream::connect(&at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut read = move || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
        stream.write_all(br#"{"jsonrpc":"2.0","id":1,"#).unwrap();
        stream
            .write_all(b"\"method\":\"device.info\"}\r\n\n  \n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"stream.get\"}\n")
            .unwrap();
        assert_eq!((read()["id"].clone(), read()["id"].clone()), (json!(1), json!(2)), "empty lines are nothing");
        let mut long = vec![b'x'; 3 * LONGEST_MESSAGE];
        long.push(b'\n');
        stream.write_all(&long).unwrap();
        assert_eq!(read()["error"]["code"], 2004);
        stream.write_all(br#"{"jsonrpc":"2.0","id":3,"method":"audio.get"}"#).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read()["id"], 3, "the last line may end with the sending half, and is answered on the other");
    });
}

#[test]
fn who_connects_is_known_and_who_leaves_is_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = Server::bind(&socket, None).unwrap();
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(b"{}\n").unwrap();
        let Some(Arrival::Message { from, message }) = server.next().await else { panic!("no message") };
        assert_eq!(message, b"{}");
        let me = std::fs::metadata(&socket).unwrap().uid();
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(from, Sender::Local { connection: 1, uid: me, pid });
        drop(stream);
        let gone =
            tokio::time::timeout(Duration::from_secs(5), server.next()).await.expect("at once, not after the last reply's time");
        assert_eq!(gone, Some(Arrival::Gone(from)));
    });
}

#[test]
fn whoever_reads_no_more_is_disconnected_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = Server::bind(&socket, None).unwrap();
        let mut deaf = UnixStream::connect(&socket).unwrap();
        deaf.write_all(b"{}\n").unwrap();
        let Some(Arrival::Message { from, .. }) = server.next().await else { panic!("no message") };
        for _ in 0..100 {
            server.send(super::super::Letter {
                to: from.clone(),
                call: None,
                message: vec![b'x'; 200_000],
                attachments: Vec::new(),
            });
            tokio::task::yield_now().await;
        }
        let gone = tokio::time::timeout(PATIENCE, server.next()).await.expect("within the time that one reply may wait");
        assert_eq!(gone, Some(Arrival::Gone(from)));
        let mut rest = Vec::new();
        deaf.read_to_end(&mut rest).unwrap();
        assert!(rest.len() < 100 * 200_000);
    });
}

#[test]
fn a_dead_socket_is_replaced_a_live_one_and_other_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(matches!(call(&socket, "device.info", None, PATIENCE), Err(CallError::NotRunning { .. })), "a dead socket");
    let server = Server::bind(&socket, None).unwrap();
    let second = Server::bind(&socket, None).unwrap_err();
    assert!(matches!(second, BindError::InUse(_)), "{second}");
    assert!(UnixStream::connect(&socket).is_ok(), "the first one was not disturbed");
    drop(server);
    let missing = call(&socket, "device.info", None, PATIENCE).unwrap_err();
    let text = format!(
        "{}: no artc-edge daemon listens on this socket; is it running, with the same `[control] socket`?",
        socket.display()
    );
    assert_eq!(missing.to_string(), text);
    std::fs::write(&socket, "precious").unwrap();
    assert!(matches!(Server::bind(&socket, None), Err(BindError::NotASocket(_))));
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "precious");
    assert!(matches!(Server::bind(&folder.path().join("t"), Some("no-such-group")), Err(BindError::NoSuchGroup(_))));
    let grouped = Server::bind(&folder.path().join("t"), Some("0")).map(|server| std::fs::metadata(server.path()).unwrap());
    // Only root may give a file to any group.
    if let Ok(found) = grouped {
        assert_eq!((found.permissions().mode() & 0o777, found.gid()), (0o660, 0));
    }
}

#[test]
fn the_place_of_the_socket_follows_the_environment() {
    let variables = |pairs: &'static [(&str, &str)]| {
        move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let place = |pairs| path(&Config::default(), variables(pairs)).display().to_string();
    assert_eq!(
        place(&[("RUNTIME_DIRECTORY", "/run/artc-edge:/run/other"), ("XDG_RUNTIME_DIR", "/run/user/1")]),
        "/run/artc-edge/control.sock"
    );
    assert_eq!(place(&[("RUNTIME_DIRECTORY", ""), ("XDG_RUNTIME_DIR", "/run/user/1")]), "/run/user/1/artc-edge/control.sock");
    assert_eq!(place(&[]), "/run/artc-edge/control.sock");
    let set = Config { socket: Some("/tmp/x".into()), ..Config::default() };
    assert_eq!(path(&set, variables(&[("RUNTIME_DIRECTORY", "/run/y")])), Path::new("/tmp/x"));

    // A client of another session looks where the daemon is.
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().to_str().unwrap().to_owned();
    std::fs::create_dir(folder.path().join("artc-edge")).unwrap();
    std::fs::write(folder.path().join("artc-edge/control.sock"), "").unwrap();
    let environment = move |name: &str| match name {
        "RUNTIME_DIRECTORY" => Some("/nonexistent".to_owned()),
        "XDG_RUNTIME_DIR" => Some(session.clone()),
        _ => None,
    };
    assert_eq!(find(&Config::default(), environment), folder.path().join("artc-edge/control.sock"));
}
