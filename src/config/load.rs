//! Reading the layers and adding them up.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use board::nearest;

use super::{
    Config,
    error::{ConfigError, Problem},
    remote, rules, schema,
    secrets::{SECRETS, app_of_credential},
    tree::{self, Layer, Node, Value},
};

/// The configuration file where none is named.
pub const DEFAULT_FILE: &str = "/etc/artc-edge/config.toml";

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file.
    pub file: File,
    /// Variables `ARTC__SECTION__KEY`; others are passed over.
    pub variables: Vec<(String, String)>,
    /// Directory of secrets from the service manager.
    pub credentials: Option<PathBuf>,
    /// What was set by command.
    pub remote: Remote,
    /// The `/` under which the board is detected.
    pub machine: PathBuf,
}

/// Which file to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum File {
    /// `/etc/artc-edge/config.toml`, if it is there.
    #[default]
    Default,
    /// This one, which must be there.
    Named(PathBuf),
    /// This text, under this name; no `conf.d`.
    Text {
        /// What to call it in messages.
        name: String,
        /// The text.
        text: String,
    },
    /// None.
    None,
}

/// Where what was set by command is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remote {
    /// Nowhere: nothing was set.
    #[default]
    None,
    /// In this file, if it is there.
    File(PathBuf),
    /// It would be this text, in this file.
    Text {
        /// The file that it is to stand in.
        path: PathBuf,
        /// The text.
        text: String,
    },
}

impl Sources {
    /// What a process was given: a file by its arguments, variables and credentials by its environment.
    pub fn of_process(file: File) -> Self {
        // A variable of ours that is no UTF-8 must be refused, not passed over: the lossy text does not match its key.
        let text = |text: OsString| text.to_string_lossy().into_owned();
        // What was set by command belongs to the device, and not to a text that somebody asks about.
        let remote = match &file {
            File::Text { .. } | File::None => Remote::None,
            File::Default | File::Named(_) => {
                Remote::File(remote::state_directory(|name| std::env::var(name).ok()).join(remote::FILE))
            }
        };
        Self {
            file,
            remote,
            variables: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            machine: PathBuf::from("/"),
        }
    }
}

/// A configuration that may be run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The board's profile, detected or named.
    pub board: board::Profile,
    /// The machine it was detected on.
    pub machine: board::Machine,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    /// All layers laid over one another, with origins.
    pub(super) tree: Node,
}

/// Reads the layers, adds them up and checks the whole.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    let mut files = Vec::new();
    read_files(&sources.file, &mut layers, &mut files, &mut problems);
    if let Some(directory) = &sources.credentials {
        for secret in SECRETS {
            let path = directory.join(secret.key);
            if path.is_file() {
                layers.push(tree::from_credential(secret.file_key, path));
            }
        }
        for (key, path) in app_keys(directory) {
            layers.push(tree::from_credential(&key, path));
        }
    }
    read_remote(&sources.remote, &mut layers, &mut files, &mut problems);
    let mut variables: Vec<_> = sources.variables.iter().collect();
    variables.sort();
    for (name, text) in variables {
        match tree::from_variable(name, text) {
            None => {}
            Some(Ok(node)) => layers.push(node),
            Some(Err(problem)) => problems.push(problem),
        }
    }
    let machine = board::Machine::look(&sources.machine);
    let board = choose_board(&layers, &machine, &sources.machine, &mut problems);
    let mut whole = match tree::parse(Layer::Board, &board.origin, &board.text) {
        Ok(Node { value: Value::Table(mut table), origin }) => {
            let node = table.remove("config").map(|entry| entry.node);
            node.unwrap_or(Node { value: Value::Table(Default::default()), origin })
        }
        Ok(node) => node,
        Err(problem) => return Err(ConfigError { problems: vec![problem] }),
    };
    for layer in layers {
        whole.overlay(layer);
    }
    rules::prefer_file_over_lower_inline(&mut whole);
    let (mut config, broken) = read(&whole, &mut problems);
    rules::check(&config, &whole, &broken, &mut problems);
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.at.as_ref().map(|at| (at.source.layer, at.source.name.clone(), at.span.start)));
        return Err(ConfigError { problems });
    }
    rules::resolve_names(&mut config, &board);
    Ok(Loaded { config, board, machine, files, tree: whole })
}

/// As [`load`], but a layer of commands that breaks the rules is left out rather than keeping everything from running; why, is the second.
///
/// # Errors
/// What is wrong in the other layers.
pub fn load_as_run(sources: &Sources) -> Result<(Loaded, Option<ConfigError>), ConfigError> {
    match load(sources) {
        Ok(loaded) => Ok((loaded, None)),
        Err(why) if sources.remote == Remote::None => Err(why),
        Err(why) => Ok((load(&Sources { remote: Remote::None, ..sources.clone() })?, Some(why))),
    }
}

/// Keys of apps among the credentials, in the order of their names.
fn app_keys(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.filter_map(|entry| Some((app_of_credential(entry.file_name().to_str()?)?, entry.path()))).collect();
    found.sort();
    found
}

fn read_files(file: &File, layers: &mut Vec<Node>, files: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    let mut take = |problems: &mut Vec<Problem>, layer, name: String, text: &str| match tree::parse(layer, &name, text) {
        Ok(node) => layers.push(node),
        Err(problem) => problems.push(problem),
    };
    let path = match file {
        File::None => return,
        File::Text { name, text } => return take(problems, Layer::File, name.clone(), text),
        File::Named(path) => path.as_path(),
        File::Default => Path::new(DEFAULT_FILE),
    };
    let mut wanted = vec![(Layer::File, path.to_owned())];
    let fragments = path.parent().unwrap_or(Path::new(".")).join("conf.d");
    match fs::read_dir(&fragments) {
        Ok(entries) => {
            let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            found.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
            found.sort();
            wanted.extend(found.into_iter().map(|path| (Layer::ConfD, path)));
        }
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(why) => problems.push(Problem::unreadable(&fragments, &why)),
    }
    for (layer, path) in wanted {
        match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => {
                // Editors of other systems put a byte order mark in front; it means nothing.
                take(problems, layer, path.display().to_string(), text.strip_prefix('\u{feff}').unwrap_or(&text));
                files.push(path);
            }
            Ok(Err(why)) => {
                let valid = why.utf8_error().valid_up_to();
                let line = why.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
                problems.push(Problem::plain(None, format!("{}:{line}: not UTF-8 text", path.display())));
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound && *file == File::Default => {}
            Err(why) => problems.push(Problem::unreadable(&path, &why)),
        }
    }
}

fn read_remote(remote: &Remote, layers: &mut Vec<Node>, files: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    let (path, text) = match remote {
        Remote::None => return,
        Remote::Text { path, text } => (path, text.clone()),
        Remote::File(path) => match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => (path, text),
            Ok(Err(_)) => {
                let way_out = "not UTF-8 text; `artc-edge call config.reset` begins anew";
                return problems.push(Problem::plain(None, format!("{}: {way_out}", path.display())));
            }
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return,
            Err(why) => return problems.push(Problem::unreadable(path, &why)),
        },
    };
    match tree::parse(Layer::Remote, &path.display().to_string(), &text) {
        Ok(node) => layers.push(node),
        Err(problem) => problems.push(problem),
    }
    files.push(path.clone());
}

/// The profile must be known before the layers are added up, because it is one of them.
fn choose_board(layers: &[Node], machine: &board::Machine, root: &Path, problems: &mut Vec<Problem>) -> board::Profile {
    let path = ["board".to_owned(), "profile".to_owned()];
    let named = layers.iter().rev().find_map(|layer| layer.get(&path)).and_then(|entry| match &entry.node.value {
        Value::String(text) | Value::Loose(text) => Some((text.as_str(), entry.node.origin.clone())),
        // Not a text: told when the tree is read.
        _ => None,
    });
    let (name, origin) = named.map_or(("auto", None), |(name, origin)| (name, Some(origin)));
    let why = match board::choose(name, machine, root) {
        Ok(profile) => return profile,
        Err(why) => why,
    };
    let text = match &why {
        board::ChooseError::Unknown { name, known } => match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => {
                format!("no board profile is called \"{name}\"; did you mean \"{near}\"? There are {}", known.join(", "))
            }
            None => why.to_string(),
        },
        _ => why.to_string(),
    };
    problems.push(Problem::plain(origin.clone(), if origin.is_some() { format!("`board.profile`: {text}") } else { text }));
    board::Profile::bare()
}

/// Reads the tree. What does not fit is noted, taken out, and reading goes on, so that all problems show at once.
fn read(whole: &Node, problems: &mut Vec<Problem>) -> (Config, Vec<String>) {
    let mut rest = whole.clone();
    let mut broken = Vec::new();
    loop {
        match Config::deserialize(&rest) {
            Ok(config) => return (config, broken),
            Err(why) => {
                let mut problem = why.problem();
                schema::point_elsewhere(&why, &mut problem);
                problems.push(problem);
                broken.push(why.dotted());
                if !rest.remove(&why.path) {
                    return (Config::default(), broken);
                }
            }
        }
    }
}
