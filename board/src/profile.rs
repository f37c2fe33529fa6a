//! What a profile file may declare, and what makes it wrong.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Pattern;

/// The LED that shows how the daemon is.
pub const STATUS: &str = "status";

/// A board, as its file declares it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who it is.
    pub badge: Badge,
    /// Which machines it is for.
    pub matches: Match,
    /// Lines by the names that commands use.
    pub lines: BTreeMap<String, Line>,
    /// LEDs; `status` is lit by the daemon itself.
    pub leds: BTreeMap<String, Led>,
    /// Buttons.
    pub buttons: BTreeMap<String, Button>,
    /// Relays.
    pub relays: BTreeMap<String, Relay>,
    /// Where the text came from: the path, or for one in the program `built-in ID.toml`.
    pub origin: String,
    /// The text as read. Its `[config]` table is a layer of the daemon's configuration, which this crate does not know.
    pub text: String,
}

/// `[board]`: who it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Badge {
    /// Short id, as used in `board.profile`: lower case letters, digits, dashes.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How far it can be relied on.
    #[serde(default)]
    pub support: Support,
    /// Who looks after it.
    pub maintainer: Option<String>,
    /// Version and date of the last test on the board itself.
    pub tested: Option<String>,
}

/// How far a profile can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Tested on the board before each release.
    Tested,
    /// Its users keep it working.
    Community,
    /// Written from documents.
    #[default]
    Untested,
}

/// `[match]`: which machines it is for; any one of these is enough, and the most particular profile wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// Entries of the device tree's `compatible`.
    pub compatible: Vec<String>,
    /// Names in DMI.
    pub dmi: Vec<Dmi>,
    /// Processor architectures, for profiles that know no more: `x86_64`, `aarch64`, `arm`.
    pub architecture: Vec<String>,
}

/// A machine's name in DMI; both must be equal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dmi {
    /// `/sys/class/dmi/id/sys_vendor`.
    pub vendor: String,
    /// `/sys/class/dmi/id/product_name`.
    pub product: String,
}

/// `[lines.NAME]`: a line of the GPIO character device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The kernel's name of it, as `gpioinfo` prints it.
    pub line: String,
    /// Label of the chip, where several have a line of this name.
    pub chip: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// Which level means on.
    #[serde(default)]
    pub active: Active,
    /// Its resistor.
    #[serde(default)]
    pub pull: Pull,
    /// For outputs, and required there: whether it is on when nobody is in charge.
    pub safe: Option<bool>,
}

/// Which way a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// We read it.
    Input,
    /// We drive it.
    Output,
}

/// Which level means on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Active {
    /// The high one.
    #[default]
    High,
    /// The low one.
    Low,
}

/// The resistor of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    /// As the kernel has it.
    #[default]
    AsIs,
    /// To the high level.
    Up,
    /// To the low level.
    Down,
    /// None.
    None,
}

/// `[leds.NAME]`: an LED of the kernel's LED class, or on an output line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// Its name in `/sys/class/leds`; patterns then go on when the daemon does not.
    pub class: Option<String>,
    /// A line of `[lines]`.
    pub line: Option<String>,
    /// `[leds.status.patterns]`: what it shows when; only the daemon's own LED has them.
    pub patterns: Option<Patterns>,
}

/// What the status LED shows when: `"on"`, `"off"`, or milliseconds on and off as in `"100/900"`. Each has a default, so that a
/// profile names only what shall differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patterns {
    /// The daemon is on its way into the channel for the first time.
    pub starting: Pattern,
    /// In the channel, and somebody watches.
    pub streaming: Pattern,
    /// In the channel, and nobody watches.
    pub waiting: Pattern,
    /// The camera delivers nothing, or the channel cannot be reached.
    pub fault: Pattern,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            starting: Pattern::Blink { on: 500, off: 500 },
            streaming: Pattern::On,
            waiting: Pattern::Blink { on: 50, off: 2950 },
            fault: Pattern::Blink { on: 100, off: 100 },
        }
    }
}

/// `[buttons.NAME]`: a button on an input line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// A line of `[lines]`.
    pub line: String,
}

/// `[relays.NAME]`: a relay on an output line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// A line of `[lines]`.
    pub line: String,
}

/// A profile file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}:{column}: {why}")]
pub struct ProfileError {
    /// The file.
    pub origin: String,
    /// Line in it, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    board: Badge,
    #[serde(default, rename = "match")]
    matches: Match,
    #[serde(default)]
    lines: BTreeMap<String, Line>,
    #[serde(default)]
    leds: BTreeMap<String, Led>,
    #[serde(default)]
    buttons: BTreeMap<String, Button>,
    #[serde(default)]
    relays: BTreeMap<String, Relay>,
    /// Read by the daemon's configuration, not here.
    #[serde(default, rename = "config")]
    _config: toml::Table,
}

impl Profile {
    /// Reads a profile and checks that it makes sense.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let wrong = |start: usize, why: String| {
            let before = text.get(..start).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            ProfileError { origin: origin.into(), line, column, why }
        };
        let file: File = toml::from_str(text)
            .map_err(|why| wrong(why.span().map_or(0, |span| span.start), why.message().trim().replace('\n', ", ")))?;
        if let Some((section, why)) = file.contradiction() {
            // The value has been read; all that is left to find is the table's head, as people write it.
            let start = text.find(&format!("[{section}]")).or_else(|| text.find(&format!("[{}", section.split('.').next()?)));
            return Err(wrong(start.unwrap_or(0), format!("[{section}]: {why}")));
        }
        Ok(Self {
            badge: file.board,
            matches: file.matches,
            lines: file.lines,
            leds: file.leds,
            buttons: file.buttons,
            relays: file.relays,
            origin: origin.into(),
            text: text.into(),
        })
    }

    /// A profile that declares nothing, for going on after another was refused.
    pub fn bare() -> Self {
        let badge = Badge {
            id: "generic".into(),
            name: "generic machine".into(),
            support: Support::Untested,
            maintainer: None,
            tested: None,
        };
        Self {
            badge,
            matches: Match::default(),
            lines: BTreeMap::new(),
            leds: BTreeMap::new(),
            buttons: BTreeMap::new(),
            relays: BTreeMap::new(),
            origin: "built-in".into(),
            text: String::new(),
        }
    }

    /// One line for people: what it is, and by which profile.
    pub fn title(&self, machine: &crate::Machine) -> String {
        let Badge { id, name, .. } = &self.badge;
        match machine.name() {
            Some(model) if !model.starts_with(name.as_str()) => format!("{name}, {model} (profile {id})"),
            Some(model) => format!("{model} (profile {id})"),
            None => format!("{name} (profile {id})"),
        }
    }
}

impl File {
    /// What contradicts itself: the section, and why.
    fn contradiction(&self) -> Option<(String, String)> {
        let id = &self.board.id;
        if id.is_empty() || !id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-') {
            return Some(("board".into(), format!("id = \"{id}\": an id has lower case letters, digits and dashes")));
        }
        for (name, line) in &self.lines {
            let say = |why: String| Some((format!("lines.{name}"), why));
            match (line.direction, line.safe) {
                (Direction::Output, None) => {
                    return say("an output needs `safe`: whether it is on when nobody is in charge".into());
                }
                (Direction::Input, Some(_)) => return say("an input has no `safe`; nobody drives it".into()),
                _ => {}
            }
            let same = |other: &Line| other.line == line.line && other.chip == line.chip;
            if let Some((other, _)) = self.lines.iter().find(|(other, at)| *other < name && same(at)) {
                return say(format!("is the line \"{}\", which [lines.{other}] is as well", line.line));
            }
        }
        let leds = self.leds.iter().map(|(name, led)| (format!("leds.{name}"), led.line.as_ref(), Direction::Output));
        let buttons = self.buttons.iter().map(|(name, button)| (format!("buttons.{name}"), Some(&button.line), Direction::Input));
        let relays = self.relays.iter().map(|(name, relay)| (format!("relays.{name}"), Some(&relay.line), Direction::Output));
        let mut users: BTreeMap<&str, String> = BTreeMap::new();
        for (user, line, wanted) in leds.chain(buttons).chain(relays) {
            let Some(line) = line else { continue };
            match self.lines.get(line) {
                None => return Some((user, format!("there is no [lines.{line}]"))),
                Some(found) if found.direction != wanted => {
                    let kinds = if wanted == Direction::Input { ("an input", "an output") } else { ("an output", "an input") };
                    return Some((user, format!("needs {}, but [lines.{line}] is {}", kinds.0, kinds.1)));
                }
                Some(_) => {}
            }
            if let Some(other) = users.insert(line, user.clone()) {
                return Some((user, format!("is on [lines.{line}], where [{other}] is as well")));
            }
        }
        let mut classes: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, led) in &self.leds {
            let say = |why: String| Some((format!("leds.{name}"), why));
            if led.patterns.is_some() && name != STATUS {
                return say(format!("has patterns, but only [leds.{STATUS}] shows how the daemon is"));
            }
            match (&led.class, &led.line) {
                (Some(_), Some(_)) => return say("has both `class` and `line`; keep one".into()),
                (None, None) => return say("needs `class` (a name in /sys/class/leds) or `line`".into()),
                (Some(class), None) if class.contains('/') || class.starts_with('.') => {
                    return say(format!("\"{class}\" is no name in /sys/class/leds"));
                }
                (Some(class), None) => {
                    if let Some(other) = classes.insert(class, name) {
                        return say(format!("is the LED \"{class}\", which [leds.{other}] is as well"));
                    }
                }
                (None, Some(_)) => {}
            }
        }
        None
    }
}
