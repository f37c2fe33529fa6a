//! `artc-edge devices`: what there is on this machine, under the names that the configuration takes.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use artc_open::encoder::v4l2;
use clap::Args;
use serde::Serialize;

use super::ConfigArgs;
use crate::exit::Exit;
use crate::{
    capture::{
        audio,
        video::{self, DeviceInfo, Loss, Mode},
    },
    config::Loaded,
    playout,
};

/// List cameras, microphones, speakers, encoders and board of this machine.
///
/// The first word of each line is what `camera.source`, `microphone.source` and `speaker.device` take: a name that stays the same, whatever is
/// plugged in before or beside it.
#[derive(Debug, Args)]
pub struct Devices {
    /// As JSON, with every mode and control
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    cameras: Vec<DeviceInfo>,
    microphones: Vec<audio::Identity>,
    speakers: Vec<audio::Identity>,
    encoders: Vec<Encoder>,
    board: Board,
}

/// An encoder, in the order in which "auto" tries them.
#[derive(Serialize)]
struct Encoder {
    /// What `stream.encoder` calls it.
    name: &'static str,
    /// The node of one in hardware.
    node: Option<PathBuf>,
    /// What it calls itself.
    card: Option<String>,
    /// The kernel's driver.
    driver: Option<String>,
}

#[derive(Serialize)]
struct Board {
    /// The profile in force.
    profile: String,
    /// Where it came from.
    origin: String,
    /// What the machine calls itself.
    machine: Option<String>,
    /// Ids of all profiles that `board.profile` may name.
    profiles: Vec<String>,
    lines: Vec<Line>,
}

/// A name that the profile declares.
#[derive(Serialize)]
struct Line {
    name: String,
    stands_for: String,
    missing: Option<String>,
}

impl Devices {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        let loaded = match config.load() {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        let mut cameras = video::devices();
        // Metadata nodes, codecs and radios are no cameras that fail, they are no cameras.
        cameras.retain(|device| device.loss != Some(Loss::NotACamera));
        let report = Report {
            cameras,
            microphones: audio::devices(),
            speakers: playout::devices(),
            encoders: encoders(),
            board: board(&loaded),
        };
        if self.json { super::print_json(&report) } else { super::print(&text(&report, &loaded)) }
    }
}

fn encoders() -> Vec<Encoder> {
    let hardware = v4l2::find(v4l2::Coded::H264).into_iter().map(|found| Encoder {
        name: "v4l2",
        node: Some(found.node),
        card: Some(found.card),
        driver: Some(found.driver),
    });
    hardware.chain([Encoder { name: "openh264", node: None, card: None, driver: None }]).collect()
}

fn board(loaded: &Loaded) -> Board {
    let root = Path::new("/");
    let profiles = board::known(root).unwrap_or_default();
    let lines = board::inspect(&loaded.board, root).into_iter();
    Board {
        profile: loaded.board.badge.id.clone(),
        origin: loaded.board.origin.clone(),
        machine: loaded.machine.name(),
        profiles: profiles.into_iter().map(|profile| profile.badge.id).collect(),
        lines: lines.map(|one| Line { name: one.name, stands_for: one.stands_for, missing: one.missing }).collect(),
    }
}

fn text(report: &Report, loaded: &Loaded) -> String {
    let mut text = String::from("cameras\n");
    // Writing to a String cannot fail, here and below.
    for device in &report.cameras {
        let _ = match &device.camera {
            Some(camera) => writeln!(text, "  {}  {}, {}", camera.id, camera.card, device.node.display()),
            None => writeln!(text, "  {}", device.node.display()),
        };
        if let Some(problem) = &device.problem {
            let _ = writeln!(text, "      {problem}");
        }
        for (format, sizes) in by_format(&device.modes) {
            let _ = writeln!(text, "      {format}  {sizes}");
        }
    }
    if report.cameras.is_empty() {
        text += "  none; the built-in pattern is \"pattern\"\n";
    }
    text += "microphones\n";
    for one in &report.microphones {
        let _ = writeln!(text, "  {}  {}, {}", one.id, one.name, one.pcm_names()[0]);
    }
    if report.microphones.is_empty() {
        text += "  none; the built-in tone is \"tone\"\n";
    }
    text += "speakers\n";
    for one in &report.speakers {
        let _ = writeln!(text, "  {}  {}, {}", one.id, one.name, one.pcm_names()[0]);
    }
    if report.speakers.is_empty() {
        text += "  none\n";
    }
    text += "encoders\n";
    for encoder in &report.encoders {
        let _ = match (&encoder.card, &encoder.node) {
            (Some(card), Some(node)) => writeln!(text, "  {}  {card}, {}", encoder.name, node.display()),
            _ => writeln!(text, "  {}  on the processor", encoder.name),
        };
    }
    let _ = writeln!(text, "board\n  {}", loaded.board.title(&loaded.machine));
    for line in &report.board.lines {
        let _ = writeln!(text, "      {}  {}", line.name, line.missing.as_deref().unwrap_or(&line.stands_for));
    }
    let _ = writeln!(text, "      profiles: {}", report.board.profiles.join(", "));
    text
}

/// The modes of a camera, by format: `1280x720@30,15 640x480@30`.
fn by_format(modes: &[Mode]) -> BTreeMap<String, String> {
    let mut formats: BTreeMap<String, Vec<(media::Size, Vec<String>)>> = BTreeMap::new();
    for mode in modes {
        let sizes = formats.entry(mode.fourcc.to_string()).or_default();
        let rate = mode.fps.to_string();
        match sizes.iter_mut().find(|(size, _)| *size == mode.size) {
            Some((_, rates)) => rates.push(rate),
            None => sizes.push((mode.size, vec![rate])),
        }
    }
    let line = |sizes: Vec<(media::Size, Vec<String>)>| {
        sizes.into_iter().map(|(size, rates)| format!("{size}@{}", rates.join(","))).collect::<Vec<_>>().join("  ")
    };
    formats.into_iter().map(|(format, sizes)| (format, line(sizes))).collect()
}
