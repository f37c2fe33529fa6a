//! A provisioning file, read: what somebody who stands before the device wants set, as one edit of the layer that commands write. Strict, and
//! pure but for the board's detection: bytes in, values or mistakes out. Not for taking it: that is `artc-edge provision`.
//!
//! It is TOML: `version = 1`, an optional section `[provision]`, and the configuration's own sections with every key that a command may set. Its
//! last line may be a comment that signs what stands above it: see [`Signature`].

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::error::ConfigError;
use super::tree::Layer;
use super::{Applies, File, Loaded, Sources, applies, load, schema};

/// Its name; on FAT in whatever case.
pub const NAME: &str = "artc-edge.toml";
/// Longest file.
pub const LONGEST: usize = 64 * 1024;
/// The version of the format that is known.
const VERSION: i64 = 1;
/// For how many seconds the channel is waited for: least, most.
const WITHIN: std::ops::RangeInclusive<u32> = 1..=1800;

/// What is to be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Provision {
    /// Keys of the configuration with their values.
    pub values: BTreeMap<String, Json>,
    /// How long the device may take to be in the channel with them.
    pub join_within: Duration,
    /// Id of the only device that may take it; any may where there is none.
    pub device: Option<String>,
    /// By whom it is signed, if by anybody.
    pub signature: Option<Signature>,
}

/// `# signed NAME SIGNATURE`, a file's last line: Ed25519 over [`SIGNED_AS`] and all that stands above it, in base64 of the alphabet for URLs. Line
/// ends are those of Unix when it is made and looked at, whatever an editor made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key on the device, `[control.keys.NAME]`.
    pub key: String,
    /// What is signed.
    pub message: Vec<u8>,
    /// The signature; of whatever length it was written in.
    pub bytes: Vec<u8>,
}

/// What a signed file's text begins with where it is signed, so that no command can be taken for one, and the other way round.
pub const SIGNED_AS: &str = "artc-edge provisioning file\n";

impl Signature {
    /// That of a file's text; nothing where it has none.
    ///
    /// # Errors
    /// The last line begins like one and is none.
    fn of(text: &str) -> Result<Option<Self>, Mistake> {
        let text = text.trim_end();
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        let Some(words) = text[start..].strip_prefix("# signed ") else { return Ok(None) };
        let line = text[..start].matches('\n').count() + 1;
        let bad = || Mistake::at(Some(line), "a signature is `# signed NAME SIGNATURE`, the second in base64 for URLs");
        let (key, written) = words.trim().split_once(' ').ok_or_else(bad)?;
        let bytes = URL_SAFE_NO_PAD.decode(written.trim().trim_end_matches('=')).map_err(|_| bad())?;
        let message = format!("{SIGNED_AS}{}", text[..start].replace("\r\n", "\n")).into_bytes();
        Ok(Some(Self { key: key.to_owned(), message, bytes }))
    }
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where, from 1; nothing where it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What, and what to do. Holds no secret.
    pub text: String,
}

impl Mistake {
    /// One about the whole file.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { line: None, text: text.into() }
    }

    fn at(line: Option<usize>, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    join_within_s: u32,
    device: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { join_within_s: 60, device: None }
    }
}

/// Reads the bytes of a file, for the machine whose `/` is at `machine`.
///
/// # Errors
/// Everything that is wrong, as far as it can be seen at once.
pub fn read(bytes: &[u8], machine: &Path) -> Result<Provision, Vec<Mistake>> {
    if bytes.len() > LONGEST {
        return Err(vec![Mistake::whole(format!("longer than {} KiB: no provisioning file is", LONGEST / 1024))]);
    }
    let text = std::str::from_utf8(bytes).map_err(|why| {
        let line = bytes[..why.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        vec![Mistake::at(Some(line), "not UTF-8 text; save it as plain text in UTF-8")]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(vec![Mistake::whole("the file is empty; it begins with `version = 1`")]);
    }
    let mut table: toml::Table = text.parse().map_err(|why: toml::de::Error| {
        let line = why.span().map(|span| line_of(text, span.start));
        vec![Mistake::at(line, format!("not valid TOML: {}", why.message().trim().replace('\n', ", ")))]
    })?;
    let mut mistakes = Vec::new();
    let signature = Signature::of(text).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        None
    });
    let lines = Lines::of(text);
    match table.remove("version") {
        Some(toml::Value::Integer(VERSION)) => {}
        Some(other) => {
            mistakes
                .push(Mistake::at(lines.version, format!("version {other} is not known here, which takes version {VERSION}")));
        }
        None => mistakes.push(Mistake::whole("the first line `version = 1` is missing")),
    }
    let options: Options = match table.remove("provision").map(toml::Value::try_into).transpose() {
        Ok(options) => options.unwrap_or_default(),
        Err(why) => {
            let why: toml::de::Error = why;
            mistakes.push(Mistake::at(lines.provision, format!("[provision]: {}", why.message().trim())));
            Options::default()
        }
    };
    if !WITHIN.contains(&options.join_within_s) {
        let text = format!("`provision.join_within_s`: {} s is not between 1 and 1800", options.join_within_s);
        mistakes.push(Mistake::at(lines.provision, text));
    }
    let file = File::Text { name: NAME.into(), text: lines.configuration };
    let values = match load(&Sources { file, machine: machine.to_owned(), ..Sources::default() }) {
        Ok(loaded) => values(&loaded, &table, &mut mistakes),
        Err(why) => {
            mistakes.extend(of_problems(&why));
            BTreeMap::new()
        }
    };
    if mistakes.is_empty() && values.is_empty() {
        mistakes.push(Mistake::whole("nothing is set in it"));
    }
    if mistakes.is_empty() {
        let join_within = Duration::from_secs(options.join_within_s.into());
        return Ok(Provision { values, join_within, device: options.device, signature });
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    Err(mistakes)
}

/// The keys that the file sets, with their values as they stand in it.
fn values(loaded: &Loaded, table: &toml::Table, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, Json> {
    let mut values = BTreeMap::new();
    for (key, _) in schema::leaves(&loaded.config) {
        let Some(origin) = loaded.origin(&key).filter(|origin| origin.source.layer == Layer::File) else { continue };
        if applies(&key) == Applies::OnDevice {
            let text =
                format!("`{key}` is set on the device only, in a file of conf.d: it opens a file, a program or a socket there");
            mistakes.push(Mistake::at(Some(origin.position().0), text));
            continue;
        }
        let mut parts = key.split('.');
        let value = parts.next().and_then(|first| table.get(first));
        let value = parts.try_fold(value, |value, part| value.map(|value| value.get(part)));
        if let Some(value) = value.flatten().and_then(|value| serde_json::to_value(value).ok()) {
            values.insert(key, value);
        }
    }
    values
}

fn of_problems(why: &ConfigError) -> impl Iterator<Item = Mistake> {
    why.problems.iter().map(|problem| Mistake::at(problem.at.as_ref().map(|at| at.position().0), problem.text.clone()))
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The file's lines, told apart: what is the configuration's keeps its place, and empty lines take that of the rest.
struct Lines {
    configuration: String,
    version: Option<usize>,
    provision: Option<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut found = Self { configuration: String::new(), version: None, provision: None };
        let (mut top, mut ours) = (true, false);
        for (number, line) in (1..).zip(text.lines()) {
            let start = line.trim_start();
            if let Some(name) = start.strip_prefix('[') {
                top = false;
                ours = name.split(']').next().is_some_and(|name| name.trim() == "provision");
            }
            let key = start.split(['=', '.']).next().unwrap_or_default().trim();
            let version = top && key == "version";
            if version {
                found.version = Some(number);
            }
            if ours || top && key == "provision" {
                found.provision.get_or_insert(number);
            } else if !version {
                found.configuration.push_str(line);
            }
            found.configuration.push('\n');
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const GOOD: &str = "version = 1\n[provision]\njoin_within_s = 9\ndevice = \"d1\"\n[device]\nname = \"gate\"\n[engine.open]\nurl = \"wss://a.example\"\n\
                        token = \"eyJh.b.c\"\n[control.roles]\n\"op-*\" = \"operate\"\n[[cameras]]\nname = \"front\"\nsource = \"usb-1\"\n";

    fn of(text: &str) -> Result<Provision, Vec<Mistake>> {
        let bare = tempfile::tempdir().unwrap();
        read(text.as_bytes(), bare.path())
    }

    fn mistakes(text: &str) -> Vec<(Option<usize>, String)> {
        of(text).unwrap_err().into_iter().map(|mistake| (mistake.line, mistake.text)).collect()
    }

    #[test]
    fn what_is_set_is_what_stands_in_it() {
        let read = of(GOOD).unwrap();
        assert_eq!((read.join_within, read.device.as_deref()), (Duration::from_secs(9), Some("d1")));
        let wanted = json!({
            "device.name": "gate", "engine.open.url": "wss://a.example", "engine.open.token": "eyJh.b.c",
            "control.roles": { "op-*": "operate" }, "cameras": [{ "name": "front", "source": "usb-1" }],
        });
        assert_eq!(json!(read.values), wanted);
        let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
        assert_eq!(of(&windows).unwrap(), read, "as editors of other systems save it");
        assert_eq!(of("version = 1\n[device]\nname = \"a\"\n").unwrap().join_within, Duration::from_secs(60));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        assert_eq!(mistakes(" \n"), [(None, "the file is empty; it begins with `version = 1`".into())]);
        assert_eq!(mistakes(&"#".repeat(LONGEST + 1))[0].1, "longer than 64 KiB: no provisioning file is");
        assert_eq!(mistakes("[device]\nname = \"a\"\n"), [(None, "the first line `version = 1` is missing".into())]);
        let later = mistakes("version = 2\n[device]\nname = \"a\"\n");
        assert_eq!(later, [(Some(1), "version 2 is not known here, which takes version 1".into())]);
        assert_eq!(mistakes("version = 1\n"), [(None, "nothing is set in it".into())]);
        assert_eq!(mistakes("version = 1\n[device\n")[0].0, Some(2));
        let several = mistakes("version = 1\n[provision]\njoin_within = 3\n[camera]\nwidht = 640\nfps = 1000\n");
        assert_eq!(several.iter().map(|one| one.0).collect::<Vec<_>>(), [Some(2), Some(5), Some(6)], "{several:?}");
        assert!(several[1].1.contains("did you mean `camera.width`?"), "{several:?}");
        let (line, text) = mistakes("version = 1\n\n[engine.sdk]\npython = \"/bin/sh\"\n").remove(0);
        assert!(line == Some(4) && text.starts_with("`engine.sdk.python` is set on the device only"), "{line:?} {text}");
        assert_eq!(read(b"version = 1\n# \xff\n", Path::new("/nowhere")).unwrap_err()[0].line, Some(2));
        let within = mistakes("version = 1\nprovision.join_within_s = 0\n[device]\nname = \"a\"\n");
        assert_eq!(within, [(Some(2), "`provision.join_within_s`: 0 s is not between 1 and 1800".into())]);
    }

    #[test]
    fn the_last_line_may_sign_what_stands_above_it_whatever_an_editor_made_of_its_line_ends() {
        assert_eq!(of(GOOD).unwrap().signature, None);
        let signed = format!("{GOOD}# signed fleet AQID\n");
        let signature = of(&signed).unwrap().signature.unwrap();
        assert_eq!((signature.key.as_str(), &signature.bytes[..]), ("fleet", &[1, 2, 3][..]));
        assert_eq!(signature.message, format!("{SIGNED_AS}{GOOD}").into_bytes());
        let windows = format!("\u{feff}{}\r\n", signed.replace('\n', "\r\n"));
        assert_eq!(of(&windows).unwrap().signature, Some(signature));
        assert_eq!(of(&format!("{GOOD}# signed fleet AQID\n[camera]\nfps = 5\n")).unwrap().signature, None, "not the last line");
        for bad in ["# signed fleet", "# signed fleet !"] {
            let told = mistakes(&format!("{GOOD}{bad}\n"));
            assert!(told[0].0 == Some(15) && told[0].1.starts_with("a signature is"), "{told:?}");
        }
    }

    #[test]
    fn no_mistake_shows_a_secret() {
        let told = mistakes(
            "version = 1\n[engine.open]\nurl = \"http://x\"\ntoken = 17\ntokn = \"canary\"\n[room]\nlisten = \"canary\"\n",
        );
        assert!(!told.is_empty() && !format!("{:?}", &told[..2]).contains("canary"), "{told:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
            let text = if head { [b"version = 1\n", &bytes[..]].concat() } else { bytes };
            let _ = read(&text, Path::new("/nowhere"));
        }
    }
}
