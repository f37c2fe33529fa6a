//! Who may call what: deny by default.

use std::collections::BTreeMap;

use wire::{Method, Role};

use super::Config;

/// The identity of an app server, when the configuration does not say otherwise.
pub const APP_SERVER: &str = "app-server";

/// The identity in the addresses that the daemon makes for viewers. Each browser that opens one joins as `local-viewer-XXXXXX`.
pub const LOCAL_VIEWER: &str = "local-viewer";

/// What `[control] allow` can give at most: whoever keeps or owns the device has a role.
const ALLOWED_AT_MOST: Role = Role::Operate;

/// The rules of the configuration and the built-in ones, ready to be asked.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// Identity pattern and method patterns.
    rules: Vec<(String, Vec<String>)>,
    /// Identity pattern and role.
    roles: Vec<(String, Role)>,
    /// The highest role that a token can give; none: tokens give nothing.
    token_role: Option<Role>,
    /// Of what comes over the broker; none: nothing is taken from there.
    broker_role: Option<Role>,
    /// Identities of who is here with a token that names a role, and which.
    by_token: BTreeMap<String, Role>,
    /// There are keys, so anybody may come with a signed command.
    signing: bool,
    signature_required: bool,
}

impl Permissions {
    /// The rules of `config`, and the built-in ones for whom it has no line.
    pub fn new(config: &Config) -> Self {
        let unnamed = |identity: &str| !config.allow.contains_key(identity) && !config.roles.contains_key(identity);
        let built_in = [(APP_SERVER, Role::Maintain), (LOCAL_VIEWER, Role::Operate)].into_iter();
        let built_in = built_in.filter(|(identity, _)| unnamed(identity)).map(|(identity, role)| (identity.to_owned(), role));
        let configured = config.roles.iter().map(|(identity, role)| (identity.clone(), *role));
        Self {
            rules: config.allow.iter().map(|(identity, methods)| (identity.clone(), methods.clone())).collect(),
            roles: built_in.chain(configured).collect(),
            token_role: config.token_role,
            broker_role: config.broker_role,
            by_token: BTreeMap::new(),
            signing: !config.keys.is_empty(),
            signature_required: config.require_signature,
        }
    }

    /// The rules are those of `config` from now on; who is here with which token is the same.
    pub fn reconfigure(&mut self, config: &Config) {
        let by_token = std::mem::take(&mut self.by_token);
        *self = Self { by_token, ..Self::new(config) };
    }

    /// The token of the participant with this identity names this role, or none.
    pub fn named_by_token(&mut self, identity: &str, role: Option<Role>) {
        match role {
            Some(role) => drop(self.by_token.insert(identity.to_owned(), role)),
            None => drop(self.by_token.remove(identity)),
        }
    }

    /// Whether participants are heard only with a signature.
    pub fn signature_required(&self) -> bool {
        self.signature_required
    }

    /// The role of the participant with this identity: the highest of its lines and its token. Who has no identity has none.
    pub fn role(&self, identity: &str) -> Option<Role> {
        let by_line = self.roles.iter().filter(|(pattern, _)| covers(pattern, identity)).map(|(_, role)| *role).max();
        let named = self.by_token.get(identity).filter(|_| !identity.is_empty());
        by_line.max(self.token_role.zip(named).map(|(most, named)| *named.min(&most)))
    }

    /// The role of whoever may publish our commands at the broker.
    pub fn broker_role(&self) -> Option<Role> {
        self.broker_role
    }

    /// Whether what comes over the broker may call `method`.
    pub fn broker_allows(&self, method: Method) -> bool {
        self.broker_role >= Some(method.role()) || self.signing && method.is_for_signing()
    }

    /// Whether the participant with this identity may call `method`, by its role or by a line that names the method.
    pub fn allows(&self, identity: &str, method: Method) -> bool {
        self.role(identity) >= Some(method.role())
            || self.signing && method.is_for_signing()
            || method.role() <= ALLOWED_AT_MOST
                && self
                    .rules
                    .iter()
                    .filter(|(pattern, _)| covers(pattern, identity))
                    .any(|(_, methods)| methods.iter().any(|pattern| matches(pattern, method.name())))
    }
}

/// Whether a line for `pattern` is about `identity`; what is said of the viewer address holds for each browser behind it.
fn covers(pattern: &str, identity: &str) -> bool {
    !identity.is_empty() && (matches(pattern, identity) || local_viewer(identity) && matches(pattern, LOCAL_VIEWER))
}

/// Whether `identity` is that of one browser behind a viewer address: the name in the address, a dash, and some letters and digits
/// that the room drew for it.
fn local_viewer(identity: &str) -> bool {
    let drawn = identity.strip_prefix(LOCAL_VIEWER).and_then(|rest| rest.strip_prefix('-'));
    drawn.is_some_and(|drawn| (1..=16).contains(&drawn.len()) && drawn.bytes().all(|letter| letter.is_ascii_alphanumeric()))
}

/// Whether `pattern` matches any method that a line of `[control] allow` can give to a participant.
///
/// # Errors
/// A text that names the pattern and, where there is one, the method that was probably meant.
pub fn check(pattern: &str) -> Result<(), String> {
    let found = || Method::ALL.iter().filter(|method| matches(pattern, method.name()));
    if found().any(|method| !method.is_local() && method.role() <= ALLOWED_AT_MOST) {
        return Ok(());
    }
    if found().next().is_some() && found().all(|method| method.is_local()) {
        return Err(format!("`{pattern}` is answered on the local socket only; nobody in the channel can be allowed it"));
    }
    if let Some(method) = found().find(|method| !method.is_local()) {
        return Err(format!("`{pattern}` needs the role {0}; write `roles = {{ \"IDENTITY\" = \"{0}\" }}`", method.role()));
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
