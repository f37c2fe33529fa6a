//! Who may call what: deny by default.

use wire::Method;

use super::Config;

/// The identity of an app server, when the configuration does not say otherwise.
pub const APP_SERVER: &str = "app-server";

/// The identity of the viewer whose address the daemon prints at its start.
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
        let mine = self.rules.iter().filter(|(pattern, _)| !identity.is_empty() && matches(pattern, identity));
        mine.flat_map(|(_, methods)| methods).any(|pattern| matches(pattern, method.name()))
    }
}

/// Whether `pattern` matches any method at all.
///
/// # Errors
/// A text that names the pattern and, where there is one, the method that was probably meant.
pub fn check(pattern: &str) -> Result<(), String> {
    if Method::ALL.iter().any(|method| matches(pattern, method.name())) {
        return Ok(());
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
