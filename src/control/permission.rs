//! Who may call what: deny by default.

use wire::Method;

use super::Config;

/// The identity of an app server, when the configuration does not say otherwise.
pub const APP_SERVER: &str = "app-server";

/// The identity in the addresses that the daemon makes for viewers. Each browser that opens one joins as `local-viewer-XXXXXX`.
pub const LOCAL_VIEWER: &str = "local-viewer";

/// The rules of the configuration and the built-in ones, ready to be asked.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// Identity pattern and method patterns.
    rules: Vec<(String, Vec<String>)>,
}

impl Permissions {
    /// The rules of `config`, and the built-in ones for whom it has no line.
    pub fn new(config: &Config) -> Self {
        let built_in = [APP_SERVER, LOCAL_VIEWER].into_iter().filter(|identity| !config.allow.contains_key(*identity));
        let built_in = built_in.map(|identity| (identity.to_owned(), vec!["*".to_owned()]));
        let configured = config.allow.iter().map(|(identity, methods)| (identity.clone(), methods.clone()));
        Self { rules: built_in.chain(configured).collect() }
    }

    /// Whether the participant with this identity may call `method`. Who has no identity may call nothing.
    pub fn allows(&self, identity: &str, method: Method) -> bool {
        let invited = local_viewer(identity);
        let of_mine = |pattern: &str| matches(pattern, identity) || invited && matches(pattern, LOCAL_VIEWER);
        let mine = self.rules.iter().filter(|(pattern, _)| !identity.is_empty() && of_mine(pattern));
        mine.flat_map(|(_, methods)| methods).any(|pattern| matches(pattern, method.name()))
    }
}

/// Whether `identity` is that of one browser behind a viewer address: the name in the address, a dash, and some letters and digits
/// that the room drew for it.
fn local_viewer(identity: &str) -> bool {
    let drawn = identity.strip_prefix(LOCAL_VIEWER).and_then(|rest| rest.strip_prefix('-'));
    drawn.is_some_and(|drawn| (1..=16).contains(&drawn.len()) && drawn.bytes().all(|letter| letter.is_ascii_alphanumeric()))
}

/// Whether `pattern` matches any method that a participant can call.
///
/// # Errors
/// A text that names the pattern and, where there is one, the method that was probably meant.
pub fn check(pattern: &str) -> Result<(), String> {
    let found = || Method::ALL.iter().filter(|method| matches(pattern, method.name()));
    if found().any(|method| !method.is_local()) {
        return Ok(());
    }
    if found().next().is_some() {
        return Err(format!("`{pattern}` is answered on the local socket only; nobody in the channel can be allowed it"));
    }
    let meant = Method::from_name(pattern).err().and_then(|refusal| refusal.suggestion);
    let hint = meant.map_or("; use `family.verb`, `family.*` or `*`".to_owned(), |name| format!("; did you mean `{name}`?"));
    Err(format!("`{pattern}` is no method{hint}"))
}

/// Whether `text` matches `pattern` as a whole, where `*` stands for any run of characters. Takes at most the product of both
/// lengths: only the last star that was met ever has to take in more.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
