//! A USB camera made of software: speaks the USB Video Class over USB/IP to the kernel's own vhci_hcd, so that uvcvideo, V4L2 and
//! everything above meet a device that can be pulled, stalled and made to lie. Kill it, and the camera is unplugged.
//!
//! Runs as root inside the bench (`tests/kernel/shell.sh`). It says on standard output what happens to it (one line each) and takes
//! faults on standard input (see `faults`). It is no part of the product.

mod clip;
mod controls;
mod descriptors;
mod faults;
mod modes;
mod stream;
mod usbip;

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use descriptors::{Defect, Identity};
use modes::Mode;

const USAGE: &str = "usage: uvc-camera [OPTION]... MODE...
  MODE               FORMAT:WIDTHxHEIGHT@FPS[,FPS...][=CLIP]; FORMAT is mjpeg, h264, yuyv or nv12
                     CLIP: a file of JPEGs one after the other, of H.264 in Annex B, or of raw pictures;
                     raw formats move a generated picture when no clip is named
  --serial TEXT      serial number (default: SN0001; empty for none)
  --product TEXT     product name (default: Bench Camera)
  --port N           the host controller's port, 0 to 7 (default: the first that is free)
  --defect NAME      a lie in the descriptors: truncated, no-formats, zero-length, zero-interval, endless-frames,
                     wrong-terminal, huge-frame
faults on standard input, one a line: short N, corrupt N, error N, empty N, drop N (for the next N frames), freeze, stall, hang,
resume, brightness V (the camera's own knob), quit";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("uvc-camera: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let mut identity = Identity::default();
    let mut port = None;
    let mut modes = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--serial" => identity.serial = value()?,
            "--product" => identity.product = value()?,
            "--port" => port = Some(value()?.parse::<u8>().map_err(|error| format!("--port: {error}"))?),
            "--defect" => identity.defect = Some(Defect::parse(&value()?)?),
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            mode => modes.push(Mode::parse(mode)?),
        }
    }
    if modes.is_empty() {
        return Err(USAGE.to_owned());
    }
    let (device, configuration) = descriptors::build(&identity, &modes);
    let shared = Arc::new(stream::Shared::new(modes));
    let link = usbip::attach(port)?;
    println!("attached port {}", link.port);

    // Both end with the process, when the kernel hangs up.
    let (streamer, replies) = (Arc::clone(&shared), link.replies());
    thread::spawn(move || stream::run(&streamer, &replies));
    let (faulty, replies) = (Arc::clone(&shared), link.replies());
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let done = faults::parse(&line).and_then(|fault| faulty.inject(fault, &replies).map_err(|error| error.to_string()));
            if let Err(message) = done {
                eprintln!("uvc-camera: {message}");
            }
        }
    });
    link.serve(&usbip::Device { identity: &identity, device, configuration, shared: &shared })
}
