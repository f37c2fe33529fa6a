//! One request of HTTP/1.0 by hand, since this is all of it that is needed: the answer ends with the connection, and comes in one piece.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Asks, and answers with status and body. `headers` are whole lines, each with its end.
pub fn ask(server: SocketAddr, line: &str, headers: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(server)?;
    let length = body.len();
    let head = format!("{line} HTTP/1.0\r\nHost: {server}\r\n{headers}Content-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no answer"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other("no status"))?, body.to_owned()))
}
