//! SDKs that are none: each its own message, which lists what was looked for where.

use std::fs;
use std::path::Path;

use artc_bindings::CreateError;
use artc_bindings::sdk::{Options, SdkEngine};

/// A copy of our modules with one file changed or taken away.
fn changed(module: &str, change: impl Fn(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&crate::modules(), folder.path());
    change(&folder.path().join(module));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn refused(options: Options) -> CreateError {
    match SdkEngine::create(options) {
        Ok(_) => panic!("it was taken for an SDK"),
        Err(why) => why,
    }
}

/// The message of a setting that is wrong, with every one of `words` in it.
fn says(options: Options, words: &[&str]) {
    let why = refused(options);
    assert!(matches!(why, CreateError::Setting { .. }), "{why:?}");
    let text = why.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn a_folder_that_is_not_there() {
    says(Options::new("/no/such/folder"), &["[engine.sdk] path", "/no/such/folder", "No such file"]);
    says(Options::new("/proc/self/exe"), &["/proc/self/exe", "is a file"]);
}

#[test]
fn a_folder_without_a_module() {
    let folder = changed("AliRTCLinuxSdkDefine", |module| fs::remove_dir_all(module).expect("removed"));
    let path = folder.path().display().to_string();
    let missing = "module AliRTCLinuxSdkDefine: missing; looked for AliRTCLinuxSdkDefine.py";
    says(Options::new(folder.path()), &[&path, missing, "module AliRTCEngine: in"]);
}

#[test]
fn a_module_without_a_class() {
    let folder = changed("AliRTCLinuxSdkDefine/__init__.py", |module| {
        let gone = "\nfor name in ('VideoBufferType', 'VideoDataFormat'):\n    del globals()[name]\n    __all__.remove(name)\n";
        let text = fs::read_to_string(module).expect("text") + gone;
        fs::write(module, text).expect("written");
    });
    says(Options::new(folder.path()), &["AliRTCLinuxSdkDefine has no VideoBufferType, VideoDataFormat", "python 3."]);
}

#[test]
fn an_engine_without_a_method() {
    let folder = changed("AliRTCEngine/__init__.py", |module| {
        let text = fs::read_to_string(module).expect("text") + "\ndel AliRTCEngineInterface.MuteLocalMic\n";
        fs::write(module, text).expect("written");
    });
    says(Options::new(folder.path()), &["AliRTCEngineInterface", "has no MuteLocalMic"]);
}

#[test]
fn a_module_that_raises_when_it_is_loaded() {
    let folder =
        changed("AliRTCEngine/__init__.py", |module| fs::write(module, "raise OSError('no libfoo.so')\n").expect("written"));
    says(Options::new(folder.path()), &["module AliRTCEngine cannot be loaded: OSError: no libfoo.so"]);
}

#[test]
fn a_service_for_another_machine() {
    let folder = changed("AliRtcCoreService", |service| {
        let mut elf = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\0\0";
        // s390.
        elf[18] = 22;
        fs::write(service, elf).expect("written");
    });
    says(Options::new(folder.path()), &["AliRtcCoreService is a program for another machine", std::env::consts::ARCH]);
}

#[test]
fn a_factory_that_raises() {
    let options = Options { extra: "{}".into(), ..Options::new(crate::modules()) };
    says(options, &["CreateAliRTCEngine raised ValueError", "artc_open_url"]);
}

#[test]
fn a_python_that_is_not_there_and_one_that_is_none() {
    let with = |python: &str| refused(Options { python: python.into(), ..Options::new(crate::modules()) });
    let why = with("/no/such/python3");
    assert!(matches!(why, CreateError::Environment { .. }), "{why:?}");
    assert!(why.to_string().contains("[engine.sdk] python = \"/no/such/python3\""), "{why}");
    let why = with("/bin/false").to_string();
    assert!(why.contains("its process ended (exit status: 1)"), "{why}");
}

#[test]
fn looking_loads_the_modules_and_says_where_they_are() {
    let found = SdkEngine::look(&Options::new(crate::modules())).unwrap_or_else(|why| panic!("{why}")).join("\n");
    for word in ["module AliRTCEngine: ", "module AliRTCLinuxSdkDefine: ", "python 3.", std::env::consts::ARCH] {
        assert!(found.contains(word), "{word:?} is not in: {found}");
    }
}
