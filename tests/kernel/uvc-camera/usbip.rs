//! USB/IP, the device's side of an attached connection (Documentation/usb/usbip_protocol.rst): requests come in, answers go out,
//! both as 48 bytes in network order and what belongs to them.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use crate::controls::{CAMERA_TERMINAL, PROCESSING_UNIT};
use crate::descriptors::Identity;
use crate::stream::{Answer, Shared};

/// Where the kernel takes a connected socket for one of its ports.
const CONTROLLER: &str = "/sys/devices/platform/vhci_hcd.0/attach";
/// Ports of the controller at high speed.
const PORTS: u8 = 8;
const HIGH_SPEED: u8 = 3;
const EPIPE: i32 = -32;
const ECONNRESET: i32 = -104;

/// A device plugged in.
pub struct Link {
    /// The controller's port it is in.
    pub port: u8,
    socket: UnixStream,
    replies: Arc<Replies>,
}

/// The way back to the kernel.
pub struct Replies {
    socket: Mutex<UnixStream>,
}

/// What the device is.
pub struct Device<'a> {
    /// Who it says it is.
    pub identity: &'a Identity,
    /// Its device descriptor.
    pub device: Vec<u8>,
    /// Its configuration.
    pub configuration: Vec<u8>,
    /// Its controls and its stream.
    pub shared: &'a Shared,
}

struct Setup {
    kind: u8,
    request: u8,
    value: u16,
    index: u16,
    length: usize,
}

/// Plugs in: hands one end of a socket pair to the kernel and keeps the other.
pub fn attach(port: Option<u8>) -> Result<Link, String> {
    let (theirs, ours) = UnixStream::pair().map_err(|error| format!("socket pair: {error}"))?;
    let mut last = None;
    for port in port.map_or(0..PORTS, |port| port..port + 1) {
        let request = format!("{port} {} {} {HIGH_SPEED}\n", theirs.as_raw_fd(), 0x1_0002 + u32::from(port));
        match fs::write(CONTROLLER, request) {
            Ok(()) => {
                let writer = ours.try_clone().map_err(|error| format!("socket: {error}"))?;
                return Ok(Link { port, socket: ours, replies: Arc::new(Replies { socket: Mutex::new(writer) }) });
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or("the controller has ports 0 to 7".to_owned(), |error| format!("{CONTROLLER}: {error}")))
}

impl Replies {
    /// Answers a transfer. `actual` is what was moved; `data` goes along for one towards the host.
    pub fn submit(&self, sequence: u32, status: i32, actual: usize, data: &[u8]) -> io::Result<()> {
        let mut message = vec![0; 48];
        message[..4].copy_from_slice(&3_u32.to_be_bytes());
        message[4..8].copy_from_slice(&sequence.to_be_bytes());
        message[20..24].copy_from_slice(&status.to_be_bytes());
        message[24..28].copy_from_slice(&(actual as i32).to_be_bytes());
        message.extend_from_slice(data);
        self.send(&message)
    }

    fn unlink(&self, sequence: u32, status: i32) -> io::Result<()> {
        let mut message = vec![0; 48];
        message[..4].copy_from_slice(&4_u32.to_be_bytes());
        message[4..8].copy_from_slice(&sequence.to_be_bytes());
        message[20..24].copy_from_slice(&status.to_be_bytes());
        self.send(&message)
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).write_all(message)
    }
}

impl Link {
    /// The way back, for the thread that streams.
    pub fn replies(&self) -> Arc<Replies> {
        Arc::clone(&self.replies)
    }

    /// Answers requests until the kernel hangs up.
    pub fn serve(mut self, device: &Device<'_>) -> Result<(), String> {
        loop {
            let mut header = [0; 48];
            if self.socket.read_exact(&mut header).is_err() {
                println!("detached");
                return Ok(());
            }
            self.request(device, &header).map_err(|error| format!("usb/ip: {error}"))?;
        }
    }

    fn request(&mut self, device: &Device<'_>, header: &[u8; 48]) -> io::Result<()> {
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (command, sequence, towards_host, endpoint) = (word(0), word(4), word(12) == 1, word(16));
        match command {
            1 => {
                let length = word(24) as usize;
                let mut data = vec![0; if towards_host { 0 } else { length }];
                self.socket.read_exact(&mut data)?;
                match endpoint {
                    // The host takes it back when it has waited long enough.
                    0 if device.shared.is_hung() => Ok(()),
                    0 => {
                        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
                        let setup = Setup {
                            kind: header[40],
                            request: header[41],
                            value: half(42),
                            index: half(44),
                            length: half(46).into(),
                        };
                        match device.control(&setup, &data) {
                            None => self.replies.submit(sequence, EPIPE, 0, &[]),
                            Some(mut answer) if towards_host => {
                                answer.truncate(setup.length);
                                self.replies.submit(sequence, 0, answer.len(), &answer)
                            }
                            Some(_) => self.replies.submit(sequence, 0, data.len(), &[]),
                        }
                    }
                    endpoint => device.shared.queue(endpoint, sequence, length, &self.replies),
                }
            }
            2 => {
                let target = word(20);
                // The kernel takes an answer to a transfer that it no longer knows for a broken connection: answer under the lock.
                let hung = device.shared.is_hung();
                device.shared.unlink(target, |found| self.replies.unlink(sequence, if found || hung { ECONNRESET } else { 0 }))
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("command {command}"))),
        }
    }
}

impl Device<'_> {
    /// A control transfer: the answer, or nothing for a stall.
    fn control(&self, setup: &Setup, data: &[u8]) -> Option<Vec<u8>> {
        let (selector, entity, interface) = ((setup.value >> 8) as u8, (setup.index >> 8) as u8, setup.index as u8);
        match (setup.kind, setup.request) {
            (0x80, 6) => match setup.value >> 8 {
                1 => Some(self.device.clone()),
                2 => Some(self.configuration.clone()),
                3 => self.string(setup.value as u8),
                _ => None,
            },
            (0x80..=0x82, 0) => Some(vec![0, 0]),
            (0..=2, _) => Some(Vec::new()),
            (0x21 | 0xa1, request) if interface == 1 && entity == 0 => self.shared.negotiate(request, selector, data),
            (0x21 | 0xa1, request) if entity == CAMERA_TERMINAL || entity == PROCESSING_UNIT => {
                match self.shared.control(entity, selector, request, data) {
                    Answer::Bytes(bytes) => Some(bytes),
                    Answer::Stall => None,
                }
            }
            (0xa1, 0x81) if interface == 0 && entity == 0 => Some(vec![4]), // the last error: out of range
            _ => None,
        }
    }

    fn string(&self, index: u8) -> Option<Vec<u8>> {
        let text = match index {
            0 => return Some(vec![4, 3, 0x09, 0x04]),
            1 => "artc-edge bench",
            2 => &self.identity.product,
            3 => &self.identity.serial,
            _ => return None,
        };
        let letters: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut out = vec![letters.len() as u8 + 2, 3];
        out.extend(letters);
        Some(out)
    }
}
