//! The table of boards for people (docs/boards.md), made from the profiles so that it cannot say anything else.

use std::fmt::Write;

use crate::{Method, Profile, StorageKind, Support};

/// The document for `profiles`.
pub fn markdown(profiles: &[Profile]) -> String {
    let mut text = String::from(
        "# Boards\n\n\
         Made from `board/profiles/*.toml` by `cargo run -p board --example boards >docs/boards.md`; a test holds both equal. Every board\n\
         that is not listed runs as one of the generic ones: with its cameras and microphones, and without lines and LEDs.\n\n\
         | board | id | support | matched by | status LED | privacy LED | buttons | fan | watchdog | storage | encoder | update | maintainer |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for profile in profiles {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", row(profile).join(" | "));
    }
    text += "\n`untested` is written from the kernel's device trees, which each file names; `community` is kept working by its users; `tested`\n\
             is tried on the board before each release.\n\n\
             ## A board of your own\n\n\
             One TOML file in `/etc/artc-edge/boards/`, no Rust. `artc-edge doctor` says what of it is there on the machine, `artc-edge\n\
             devices` which profiles there are, and `board.profile` in the configuration overrides what was found by itself. Everything\n\
             that it may say:\n\n```toml\n";
    text += include_str!("../profiles/example.toml");
    text += "```\n";
    text
}

fn row(profile: &Profile) -> Vec<String> {
    let none = || "-".to_owned();
    let code = |text: &str| format!("`{text}`");
    let list = |names: Vec<String>| if names.is_empty() { none() } else { names.join(", ") };
    let led = |name: &str| {
        let led = profile.leds.get(name);
        led.and_then(|led| led.class.as_ref().or(led.line.as_ref())).map_or_else(none, |name| code(name))
    };
    let matches = &profile.matches;
    let compatible = matches.compatible.iter().map(|name| code(name));
    let dmi = matches.dmi.iter().map(|dmi| match &dmi.product {
        Some(product) => format!("DMI `{} {product}`", dmi.vendor),
        None => format!("DMI `{}`", dmi.vendor),
    });
    let matched = compatible.chain(dmi).chain(matches.architecture.iter().map(|name| code(name))).collect();
    let watchdog = profile.watchdog.as_ref().map_or_else(none, |watchdog| match watchdog.max_s {
        Some(most) => format!("{} (at most {most} s)", code(&watchdog.device)),
        None => code(&watchdog.device),
    });
    vec![
        profile.badge.name.clone(),
        code(&profile.badge.id),
        support(profile.badge.support).into(),
        list(matched),
        led(crate::STATUS),
        led(crate::PRIVACY),
        list(profile.buttons.keys().cloned().collect()),
        profile.fan.as_ref().and_then(|fan| fan.hwmon.as_ref().or(fan.line.as_ref())).map_or_else(none, |name| code(name)),
        watchdog,
        profile.storage.as_ref().map_or_else(none, |storage| kind(storage.kind).into()),
        profile.encoder.clone(),
        method(profile.update.method).into(),
        profile.badge.maintainer.clone().unwrap_or_else(none),
    ]
}

fn support(support: Support) -> &'static str {
    match support {
        Support::Tested => "tested",
        Support::Community => "community",
        Support::Untested => "untested",
    }
}

fn kind(kind: StorageKind) -> &'static str {
    match kind {
        StorageKind::Sd => "SD",
        StorageKind::Emmc => "eMMC",
        StorageKind::Nvme => "NVMe",
        StorageKind::Disk => "disk",
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Packages => "packages",
        Method::Rauc => "RAUC",
        Method::None => "none",
    }
}
