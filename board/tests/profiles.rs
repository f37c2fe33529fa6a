//! Profiles as their authors meet them: which one is chosen, and what is said about a wrong one.

use std::{fs, path::Path};

use board::{Machine, Profile, choose, embedded, known};

fn machine(compatible: &[&str], dmi: Option<(&str, &str)>, architecture: &str) -> Machine {
    Machine {
        compatible: compatible.iter().map(|name| name.to_string()).collect(),
        vendor: dmi.map(|(vendor, _)| vendor.into()),
        product: dmi.map(|(_, product)| product.into()),
        architecture: architecture.into(),
        model: None,
    }
}

#[test]
fn the_most_particular_profile_wins() {
    let nowhere = Path::new("/nowhere");
    let rows: &[(Machine, &str)] = &[
        (machine(&["raspberrypi,4-model-b", "brcm,bcm2711"], None, "aarch64"), "raspberrypi4"),
        (machine(&["raspberrypi,5-compute-module", "brcm,bcm2712"], None, "aarch64"), "raspberrypi5"),
        (machine(&["radxa,rock-5b", "rockchip,rk3588"], None, "aarch64"), "rk3588"),
        (machine(&["acme,unheard-of"], None, "aarch64"), "generic-arm"),
        (machine(&[], None, "arm"), "generic-arm"),
        (machine(&[], Some(("QEMU", "Standard PC (Q35 + ICH9, 2009)")), "x86_64"), "generic-x86"),
        (machine(&[], None, "riscv64"), "generic"),
    ];
    for (machine, wanted) in rows {
        let chosen = choose("auto", machine, nowhere).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(chosen.badge.id, *wanted, "{machine:?}");
    }
}

#[test]
fn a_file_on_the_machine_is_all_a_board_needs() {
    let root = tempfile::tempdir().expect("a directory");
    let boards = root.path().join("etc/artc-edge/boards");
    fs::create_dir_all(&boards).expect("made");
    let gate = "[board]\nid = \"gate\"\nname = \"Gate controller\"\n[match]\ndmi = [{ vendor = \"Acme\", product = \"Gate\" }]\n";
    fs::write(boards.join("gate.toml"), gate).expect("written");
    let here = machine(&[], Some(("Acme", "Gate")), "x86_64");
    let chosen = choose("auto", &here, root.path()).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!((chosen.badge.id.as_str(), chosen.title(&here).as_str()), ("gate", "Gate controller, Acme Gate (profile gate)"));
    // And it may say more about a board that the program knows.
    let mine = "[board]\nid = \"raspberrypi4\"\nname = \"My Pi\"\n[match]\ncompatible = [\"raspberrypi,4-model-b\"]\n";
    fs::write(boards.join("pi.toml"), mine).expect("written");
    let pi = machine(&["raspberrypi,4-model-b", "brcm,bcm2711"], None, "aarch64");
    assert_eq!(choose("auto", &pi, root.path()).map(|chosen| chosen.badge.name).ok().as_deref(), Some("My Pi"));
    assert_eq!(known(root.path()).map(|all| all.len()).ok(), embedded().ok().map(|all| all.len() + 1));
    let path = boards.join("gate.toml").display().to_string();
    assert_eq!(choose(&path, &pi, root.path()).map(|chosen| chosen.badge.id).ok().as_deref(), Some("gate"));
    let unknown = choose("gaet", &pi, Path::new("/nowhere")).expect_err("refused").to_string();
    assert_eq!(
        unknown,
        "no board profile is called \"gaet\"; there are generic, generic-arm, generic-x86, raspberrypi4, raspberrypi5, rk3588, or the \
         path of a profile file"
    );
}

#[test]
fn the_machine_is_read_from_device_tree_and_dmi() {
    let root = tempfile::tempdir().expect("a directory");
    let write = |path: &str, bytes: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    };
    write("proc/device-tree/model", b"Raspberry Pi 4 Model B Rev 1.4\0");
    write("proc/device-tree/compatible", b"raspberrypi,4-model-b\0brcm,bcm2711\0");
    write("sys/class/dmi/id/sys_vendor", b"To Be Filled By O.E.M.\n");
    let seen = Machine::look(root.path());
    assert_eq!(seen.compatible, ["raspberrypi,4-model-b", "brcm,bcm2711"]);
    assert_eq!(seen.name().as_deref(), Some("Raspberry Pi 4 Model B Rev 1.4"));
    assert_eq!(seen.vendor, None, "a filler is no name");
    let chosen = choose("auto", &seen, root.path()).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(chosen.title(&seen), "Raspberry Pi 4 Model B Rev 1.4 (profile raspberrypi4)");
    assert_eq!(Machine::look(Path::new("/nowhere")).name(), None);
}

#[test]
fn a_wrong_profile_says_where_and_why() {
    const BADGE: &str = "[board]\nid = \"b\"\nname = \"B\"\n";
    const OUT: &str = "[lines.a]\nline = \"GPIO1\"\ndirection = \"output\"\nsafe = false\n";
    let rows: &[(&str, &str)] = &[
        (
            "[board]\nid = \"B 1\"\nname = \"B\"\n",
            "t:1:1: [board]: id = \"B 1\": an id has lower case letters, digits and dashes",
        ),
        ("[board]\nid = \"b\"\n", "t:1:1: missing field `name`"),
        (
            "BADGE[bord]\nx = 1\n",
            "t:4:2: unknown field `bord`, expected one of `board`, `match`, `lines`, `leds`, `buttons`, `relays`, `config`",
        ),
        ("BADGE[lines.a]\nline = \"X\"\ndirection = \"out\"\n", "t:6:13: unknown variant `out`, expected `input` or `output`"),
        (
            "BADGE[lines.a]\nline = \"X\"\ndirection = \"output\"\n",
            "t:4:1: [lines.a]: an output needs `safe`: whether it is on when nobody is in charge",
        ),
        (
            "BADGE[lines.a]\nline = \"X\"\ndirection = \"input\"\nsafe = true\n",
            "t:4:1: [lines.a]: an input has no `safe`; nobody drives it",
        ),
        (
            "BADGEOUT[lines.b]\nline = \"GPIO1\"\ndirection = \"input\"\n",
            "t:8:1: [lines.b]: is the line \"GPIO1\", which [lines.a] is as well",
        ),
        ("BADGE[leds.x]\n", "t:4:1: [leds.x]: needs `class` (a name in /sys/class/leds) or `line`"),
        ("BADGE[leds.x]\nclass = \"../../../etc\"\n", "t:4:1: [leds.x]: \"../../../etc\" is no name in /sys/class/leds"),
        ("BADGEOUT[leds.x]\nclass = \"ACT\"\nline = \"a\"\n", "t:8:1: [leds.x]: has both `class` and `line`; keep one"),
        (
            "BADGE[leds.status]\nclass = \"ACT\"\n[leds.status.patterns]\nfault = \"5/5\"\n",
            "t:7:9: `5/5` is no pattern; write \"on\", \"off\", or milliseconds on and off from 20 on, as in \"100/900\"",
        ),
        (
            "BADGE[leds.x]\nclass = \"ACT\"\n[leds.x.patterns]\nfault = \"on\"\n",
            "t:4:1: [leds.x]: has patterns, but only [leds.status] shows how the daemon is",
        ),
        ("BADGE[leds.x]\nline = \"a\"\n", "t:4:1: [leds.x]: there is no [lines.a]"),
        (
            "BADGEOUT[leds.x]\nline = \"a\"\n[leds.y]\nline = \"a\"\n",
            "t:10:1: [leds.y]: is on [lines.a], where [leds.x] is as well",
        ),
        (
            "BADGE[leds.x]\nclass = \"ACT\"\n[leds.y]\nclass = \"ACT\"\n",
            "t:6:1: [leds.y]: is the LED \"ACT\", which [leds.x] is as well",
        ),
        ("BADGEOUT[buttons.x]\nline = \"a\"\n", "t:8:1: [buttons.x]: needs an input, but [lines.a] is an output"),
        (
            "BADGEOUT[relays.x]\nline = \"a\"\n[leds.y]\nline = \"a\"\n",
            "t:8:1: [relays.x]: is on [lines.a], where [leds.y] is as well",
        ),
    ];
    for (given, wanted) in rows {
        let text = given.replace("BADGE", BADGE).replace("OUT", OUT);
        let said = Profile::parse("t", &text).err().map(|why| why.to_string());
        assert_eq!(said.as_deref(), Some(*wanted), "{text}");
    }
}

proptest::proptest! {
    /// Whatever a file holds: a profile or a message with a place, and no panic.
    #[test]
    fn any_text_gets_an_answer(given in "(\\[|\\]|=|\"|\\.|\n| |board|lines|leds|id|name|line|a|é|[0-9]){0,40}") {
        if let Err(why) = Profile::parse("t", &given) {
            assert!(why.line >= 1 && why.column >= 1 && !why.why.is_empty());
        }
    }
}
