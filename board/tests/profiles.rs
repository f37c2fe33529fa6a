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
        (machine(&["raspberrypi,4-compute-module", "brcm,bcm2711"], None, "aarch64"), "raspberrypi4"),
        (machine(&["raspberrypi,3-model-b-plus", "brcm,bcm2837"], None, "arm"), "raspberrypi3"),
        (machine(&["raspberrypi,model-zero-2-w", "brcm,bcm2837"], None, "aarch64"), "raspberrypi-zero2w"),
        (machine(&["radxa,rock-5b", "rockchip,rk3588"], None, "aarch64"), "rock5b"),
        (machine(&["radxa,rock-5a", "rockchip,rk3588s"], None, "aarch64"), "rk3588"),
        (machine(&["xunlong,orangepi-5", "rockchip,rk3588s"], None, "aarch64"), "orangepi5"),
        (machine(&["nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005", "nvidia,tegra234"], None, "aarch64"), "jetson-orin-nano"),
        (machine(&["beagle,am625-beagleplay", "ti,am625"], None, "aarch64"), "beagleplay"),
        (machine(&["fsl,imx8mp-evk", "fsl,imx8mp"], None, "aarch64"), "imx8mp-evk"),
        (machine(&["linux,dummy-virt"], None, "aarch64"), "qemu"),
        (machine(&["linux,dummy-virt"], Some(("QEMU", "QEMU Virtual Machine")), "aarch64"), "qemu"),
        (machine(&["acme,unheard-of"], None, "aarch64"), "generic-arm"),
        (machine(&[], None, "arm"), "generic-arm"),
        (machine(&[], Some(("QEMU", "Standard PC (Q35 + ICH9, 2009)")), "x86_64"), "qemu"),
        (machine(&[], Some(("Acme", "PC")), "x86_64"), "generic-x86"),
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
        "no board profile is called \"gaet\"; there are generic, generic-arm, generic-x86, beagleplay, imx8mp-evk, jetson-orin-nano, \
         orangepi5, qemu, raspberrypi-zero2w, raspberrypi3, raspberrypi4, raspberrypi5, rk3588, rock5b, or the path of a profile file"
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
    const OTHER: &str = "[lines.b]\nline = \"GPIO2\"\ndirection = \"output\"\nsafe = false\n";
    const OUT: &str = "[lines.a]\nline = \"GPIO1\"\ndirection = \"output\"\nsafe = false\n";
    let rows: &[(&str, &str)] = &[
        ("[board]\nid = \"B 1\"\nname = \"B\"\n", "t:2:6: `board.id` \"B 1\": an id has lower case letters, digits and dashes"),
        ("[board]\nid = \"b\"\n", "t:1:1: missing field `name`"),
        (
            "BADGE[ledz.x]\nclass = \"ACT\"\n",
            "t:4:2: unknown field `ledz`, expected one of `board`, `match`, `lines`, `leds`, `buttons`, `relays`, `ir_cut`, `fan`, \
             `cameras`, `sounds`, `watchdog`, `storage`, `update`, `config`; did you mean `leds`?",
        ),
        ("BADGE[lines.a]\nline = \"X\"\ndirection = \"out\"\n", "t:6:13: unknown variant `out`, expected `input` or `output`"),
        (
            "BADGE[lines.a]\nline = \"X\"\ndirection = \"ouput\"\n",
            "t:6:13: unknown variant `ouput`, expected `input` or `output`; did you mean `output`?",
        ),
        (
            "BADGE[lines.a]\nline = \"X\"\ndirection = \"output\"\n",
            "t:4:1: [lines.a]: an output needs `safe`: whether it is on when nobody is in charge",
        ),
        (
            "BADGE[lines.a]\nline = \"X\"\ndirection = \"input\"\nsafe = true\n",
            "t:7:8: [lines.a]: an input has no `safe`; nobody drives it",
        ),
        (
            "BADGE[lines.a]\nline = \"\"\ndirection = \"input\"\n",
            "t:5:8: [lines.a]: `line` is empty; `gpioinfo` prints the kernel's names",
        ),
        (
            "BADGEOUT[lines.b]\nline = \"GPIO1\"\ndirection = \"input\"\n",
            "t:9:8: [lines.b]: is the line \"GPIO1\", which [lines.a] is as well",
        ),
        (
            "BADGEOUT[lines.b]\nline = \"GPIO1\"\nchip = \"x\"\ndirection = \"input\"\n",
            "t:9:8: [lines.b]: is the line \"GPIO1\", which [lines.a] is as well",
        ),
        ("BADGE[leds.x]\n", "t:4:1: [leds.x]: needs `class` (a name in /sys/class/leds) or `line`"),
        ("BADGE[leds.x]\nclass = \"../../../etc\"\n", "t:5:9: [leds.x]: \"../../../etc\" is no name in /sys/class/leds"),
        ("BADGEOUT[leds.x]\nclass = \"ACT\"\nline = \"a\"\n", "t:10:8: [leds.x]: has both `class` and `line`; keep one"),
        (
            "BADGE[leds.status]\nclass = \"ACT\"\n[leds.status.patterns]\nfault = \"5/5\"\n",
            "t:7:9: `5/5` is no pattern; write \"on\", \"off\", or milliseconds of light and dark in turns, 2 to 8 of them from 20 to \
             60000, as in \"100/900\"",
        ),
        (
            "BADGE[leds.x]\nclass = \"ACT\"\n[leds.x.patterns]\nfault = \"on\"\n",
            "t:6:1: [leds.x]: has patterns, but only [leds.status] shows how the daemon is",
        ),
        ("BADGE[leds.x]\nline = \"a\"\n", "t:5:8: [leds.x]: there is no [lines.a]"),
        ("BADGEOUT[leds.x]\nline = \"b\"\n", "t:9:8: [leds.x]: there is no [lines.b]; did you mean \"a\"?"),
        (
            "BADGEOUT[leds.x]\nline = \"a\"\n[leds.y]\nline = \"a\"\n",
            "t:11:8: [leds.y]: is on [lines.a], where [leds.x] is as well",
        ),
        (
            "BADGE[leds.x]\nclass = \"ACT\"\n[leds.y]\nclass = \"ACT\"\n",
            "t:7:9: [leds.y]: is the LED \"ACT\", which [leds.x] is as well",
        ),
        ("BADGEOUT[buttons.x]\nline = \"a\"\n", "t:9:8: [buttons.x]: needs an input, but [lines.a] is an output"),
        ("BADGE[buttons.x]\n", "t:4:1: [buttons.x]: needs `line`, or the `key` of an input device"),
        ("BADGE[buttons.x]\nkey = 70000\n", "t:5:7: invalid value: integer `70000`, expected u16"),
        ("BADGE[buttons.x]\nkey = 1\n[buttons.y]\nkey = 1\n", "t:7:7: [buttons.y]: is the same key as [buttons.x]"),
        (
            "BADGEOUT[relays.x]\nline = \"a\"\n[leds.y]\nline = \"a\"\n",
            "t:9:8: [relays.x]: is on [lines.a], where [leds.y] is as well",
        ),
        (
            "BADGEOUTOTHER[relays.a]\nline = \"b\"\n",
            "t:13:8: [relays.a]: is on [lines.b], but there is another line called \"a\"",
        ),
        ("BADGEOUT[ir_cut]\nday = \"a\"\n", "t:8:1: [ir_cut]: needs `line`, or both `day` and `night`"),
        ("BADGEOUT[ir_cut]\nday = \"a\"\nnight = \"a\"\n", "t:10:9: [ir_cut]: is on [lines.a], where [ir_cut] is as well"),
        (
            "BADGEOUT[ir_cut]\nline = \"a\"\nnight_below = 90\nday_above = 40\n",
            "t:11:13: [ir_cut]: `day_above` 40 must be above `night_below` 90",
        ),
        ("BADGEOUT[ir_cut]\nline = \"a\"\nhold_s = 0\n", "t:10:10: [ir_cut]: 0 s is not between 1 and 3600"),
        ("BADGE[fan]\n", "t:4:1: [fan]: needs `hwmon` (a name in /sys/class/hwmon) or `line`"),
        ("BADGE[fan]\nhwmon = \"x\"\non_above_c = 50.0\n", "t:4:1: [fan]: `off_below_c` 60 must be below `on_above_c` 50"),
        (
            "BADGE[cameras.front]\nsource = \"\"\n",
            "t:5:10: [cameras.front]: `source` is empty; `artc-edge devices` prints what it takes",
        ),
        (
            "BADGE[sounds.tone]\nsource = \"x\"\n",
            "t:4:1: [sounds.tone]: \"tone\" cannot be a role; it means something else in the configuration",
        ),
        (
            "BADGE[storage]\nkind = \"emc\"\n",
            "t:5:8: unknown variant `emc`, expected one of `sd`, `emmc`, `nvme`, `disk`; did you mean `emmc`?",
        ),
    ];
    let mut wrong = Vec::new();
    for (given, wanted) in rows {
        let text = given.replace("BADGE", BADGE).replace("OTHER", OTHER).replace("OUT", OUT);
        let said = Profile::parse("t", &text).err().map(|why| why.to_string());
        if said.as_deref() != Some(*wanted) {
            wrong.push(format!("{text}said   {said:?}\nwanted {wanted:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
