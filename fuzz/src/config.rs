//! A configuration file.

use artc_edge::config::{File, Sources, load};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = File::Text { name: "fuzz.toml".to_owned(), text: text.to_owned() };
    let sources = Sources { file, machine: "/nonexistent".into(), ..Sources::default() };
    match load(&sources) {
        Ok(loaded) => {
            // What was accepted can be shown, and what is shown does not depend on being asked twice.
            assert_eq!(loaded.show(false), loaded.show(false));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let shipped = include_bytes!("../../config.toml");
    // Commented keys become keys, so that the mutations begin inside of values.
    let text = String::from_utf8_lossy(shipped);
    let uncommented: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").or(line.strip_prefix('#')).filter(|line| line.contains(" = ")).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let small = [
        "[camera]\nwidth = 640\nheight = 480\n",
        "[control.allow]\n\"*\" = [\"camera.*\"]\n",
        "[[cameras]]\nname = \"front\"\n",
        "[microphone]\nrate = 16000\n",
    ];
    let small = small.map(|text| text.as_bytes().to_vec());
    [shipped.to_vec(), uncommented.into_bytes()].into_iter().chain(small).collect()
}
