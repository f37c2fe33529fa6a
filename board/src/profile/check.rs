//! What in a profile contradicts itself: each mistake with the place where it stands and a reason of its own.

use std::collections::BTreeMap;

use super::{Direction, Fan, IrCut, Led, Line, Profile, STATUS, nearest};

/// Keys that lead to the mistake, joined by dots, and what is wrong there.
type Mistake = (String, String);

/// The first mistake of `profile`.
pub(super) fn contradiction(profile: &Profile) -> Option<Mistake> {
    badge(profile)
        .or_else(|| lines(&profile.lines))
        .or_else(|| leds(&profile.leds))
        .or_else(|| buttons(profile))
        .or_else(|| profile.ir_cut.as_ref().and_then(ir_cut))
        .or_else(|| profile.fan.as_ref().and_then(fan))
        .or_else(|| users(profile))
        .or_else(|| relays(profile))
        .or_else(|| roles(profile))
}

fn badge(profile: &Profile) -> Option<Mistake> {
    let id = &profile.badge.id;
    let good = !id.is_empty() && id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    (!good).then(|| ("board.id".into(), format!("`board.id` \"{id}\": an id has lower case letters, digits and dashes")))
}

fn lines(lines: &BTreeMap<String, Line>) -> Option<Mistake> {
    for (name, line) in lines {
        let at = |key: &str| format!("lines.{name}{key}");
        match (line.direction, line.safe) {
            (Direction::Output, None) => {
                return Some((
                    at(""),
                    format!("[lines.{name}]: an output needs `safe`: whether it is on when nobody is in charge"),
                ));
            }
            (Direction::Input, Some(_)) => {
                return Some((at(".safe"), format!("[lines.{name}]: an input has no `safe`; nobody drives it")));
            }
            _ => {}
        }
        if line.line.is_empty() {
            return Some((at(".line"), format!("[lines.{name}]: `line` is empty; `gpioinfo` prints the kernel's names")));
        }
        if line.watch && line.direction == Direction::Output {
            return Some((at(".watch"), format!("[lines.{name}]: `watch` is for inputs; what an output does is known")));
        }
        // A line with the label of its chip may be the one that another entry finds on any chip.
        let same =
            |other: &Line| other.line == line.line && (other.chip == line.chip || other.chip.is_none() || line.chip.is_none());
        if let Some((other, _)) = lines.iter().find(|(other, at)| *other < name && same(at)) {
            return Some((
                at(".line"),
                format!("[lines.{name}]: is the line \"{}\", which [lines.{other}] is as well", line.line),
            ));
        }
    }
    None
}

fn leds(leds: &BTreeMap<String, Led>) -> Option<Mistake> {
    let mut classes: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, led) in leds {
        let say = |key: &str, why: String| Some((format!("leds.{name}{key}"), format!("[leds.{name}]: {why}")));
        if led.patterns.is_some() && name != STATUS {
            return say(".patterns", format!("has patterns, but only [leds.{STATUS}] shows how the daemon is"));
        }
        match (&led.class, &led.line) {
            (Some(_), Some(_)) => return say(".line", "has both `class` and `line`; keep one".into()),
            (None, None) => return say("", "needs `class` (a name in /sys/class/leds) or `line`".into()),
            (Some(class), None) if class.is_empty() || class.contains('/') || class.starts_with('.') => {
                return say(".class", format!("\"{class}\" is no name in /sys/class/leds"));
            }
            (Some(class), None) => {
                if let Some(other) = classes.insert(class, name) {
                    return say(".class", format!("is the LED \"{class}\", which [leds.{other}] is as well"));
                }
            }
            (None, Some(_)) => {}
        }
    }
    None
}

fn buttons(profile: &Profile) -> Option<Mistake> {
    for (name, button) in &profile.buttons {
        let say = |key: &str, why: &str| Some((format!("buttons.{name}{key}"), format!("[buttons.{name}]: {why}")));
        match (&button.line, button.key) {
            (Some(_), Some(_)) => return say(".key", "has both `line` and `key`; keep one"),
            (None, None) => return say("", "needs `line`, or the `key` of an input device"),
            (Some(_), None) if button.device.is_some() => return say(".device", "`device` goes with `key`, not with `line`"),
            _ => {}
        }
        let same = |other: &&super::Button| button.key.is_some() && other.key == button.key && other.device == button.device;
        if let Some((other, _)) = profile.buttons.iter().find(|(other, at)| *other < name && same(at)) {
            return say(".key", &format!("is the same key as [buttons.{other}]"));
        }
    }
    None
}

fn ir_cut(ir: &IrCut) -> Option<Mistake> {
    let say = |key: &str, why: String| Some((format!("ir_cut{key}"), format!("[ir_cut]: {why}")));
    match (&ir.line, &ir.day, &ir.night) {
        (Some(_), None, None) | (None, Some(_), Some(_)) => {}
        _ => return say("", "needs `line`, or both `day` and `night`".into()),
    }
    if !(10..=1_000).contains(&ir.pulse_ms) {
        return say(".pulse_ms", format!("a pulse of {} ms is not between 10 and 1000", ir.pulse_ms));
    }
    if !(ir.night_below.is_finite() && ir.day_above.is_finite() && ir.night_below < ir.day_above) {
        return say(".day_above", format!("`day_above` {} must be above `night_below` {}", ir.day_above, ir.night_below));
    }
    if !(1..=3_600).contains(&ir.hold_s) {
        return say(".hold_s", format!("{} s is not between 1 and 3600", ir.hold_s));
    }
    None
}

fn fan(fan: &Fan) -> Option<Mistake> {
    let say = |key: &str, why: String| Some((format!("fan{key}"), format!("[fan]: {why}")));
    match (&fan.hwmon, &fan.line) {
        (Some(_), Some(_)) => return say(".line", "has both `hwmon` and `line`; keep one".into()),
        (None, None) => return say("", "needs `hwmon` (a name in /sys/class/hwmon) or `line`".into()),
        _ => {}
    }
    if !(fan.off_below_c.is_finite() && fan.on_above_c.is_finite() && fan.off_below_c < fan.on_above_c) {
        return say(".off_below_c", format!("`off_below_c` {} must be below `on_above_c` {}", fan.off_below_c, fan.on_above_c));
    }
    None
}

/// Something that uses a line of the profile.
struct Use<'a> {
    section: String,
    key: &'static str,
    line: &'a String,
    way: Direction,
}

fn uses(profile: &Profile) -> Vec<Use<'_>> {
    use Direction::{Input, Output};
    let one = |section: String, key, line, way| Use { section, key, line, way };
    let leds =
        profile.leds.iter().filter_map(|(name, led)| Some(one(format!("leds.{name}"), "line", led.line.as_ref()?, Output)));
    let buttons = profile.buttons.iter();
    let buttons = buttons.filter_map(|(name, button)| Some(one(format!("buttons.{name}"), "line", button.line.as_ref()?, Input)));
    let relays = profile.relays.iter().map(|(name, relay)| one(format!("relays.{name}"), "line", &relay.line, Output));
    let ir =
        profile.ir_cut.iter().flat_map(|ir| [("line", &ir.line), ("day", &ir.day), ("night", &ir.night), ("lamp", &ir.lamp)]);
    let ir = ir.filter_map(|(key, line)| Some(one("ir_cut".into(), key, line.as_ref()?, Output)));
    let fan = profile.fan.iter().filter_map(|fan| Some(one("fan".into(), "line", fan.line.as_ref()?, Output)));
    leds.chain(buttons).chain(relays).chain(ir).chain(fan).collect()
}

/// Each use needs a line that is there, goes its way, and serves nobody else.
fn users(profile: &Profile) -> Option<Mistake> {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    for Use { section, key, line, way } in uses(profile) {
        let say = |why: String| Some((format!("{section}.{key}"), format!("[{section}]: {why}")));
        match profile.lines.get(line) {
            None => {
                return say(match nearest(line, profile.lines.keys().map(String::as_str)) {
                    Some(near) => format!("there is no [lines.{line}]; did you mean \"{near}\"?"),
                    None => format!("there is no [lines.{line}]"),
                });
            }
            Some(found) if found.direction != way => {
                let (needs, is) = if way == Direction::Input { ("an input", "an output") } else { ("an output", "an input") };
                return say(format!("needs {needs}, but [lines.{line}] is {is}"));
            }
            Some(_) => {}
        }
        if let Some(other) = taken.get(line.as_str()) {
            return say(format!("is on [lines.{line}], where [{other}] is as well"));
        }
        taken.insert(line, section);
    }
    None
}

/// A relay may be called by its own name, which must not be that of another line.
fn relays(profile: &Profile) -> Option<Mistake> {
    let (name, relay) = profile.relays.iter().find(|(name, relay)| profile.lines.contains_key(*name) && relay.line != **name)?;
    let why = format!("[relays.{name}]: is on [lines.{}], but there is another line called \"{name}\"", relay.line);
    Some((format!("relays.{name}.line"), why))
}

fn roles(profile: &Profile) -> Option<Mistake> {
    for (section, roles) in [("cameras", &profile.cameras), ("sounds", &profile.sounds)] {
        for (name, role) in roles {
            if role.source.is_empty() {
                let why = format!("[{section}.{name}]: `source` is empty; `artc-edge devices` prints what it takes");
                return Some((format!("{section}.{name}.source"), why));
            }
            if ["", "auto", "pattern", "tone", "none"].contains(&name.as_str()) || name.starts_with('/') {
                return Some((
                    format!("{section}.{name}"),
                    format!("[{section}.{name}]: \"{name}\" cannot be a role; it means something else in the configuration"),
                ));
            }
        }
    }
    None
}
