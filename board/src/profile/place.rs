//! Where in its file a profile is wrong, and what was probably meant.

use toml_edit::{Document, Item};

/// A profile file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}:{column}: {why}")]
pub struct ProfileError {
    /// The file.
    pub origin: String,
    /// Line in it, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub why: String,
}

impl ProfileError {
    /// An error at the byte `start` of `text`.
    pub(super) fn at(origin: &str, text: &str, start: usize, why: String) -> Self {
        let before = text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { origin: origin.into(), line, column, why }
    }
}

/// The byte at which what stands at `path`, keys joined by dots, begins in `text`: a value's own place, for a section its head; as far
/// as the path is written.
pub(super) fn of(path: &str, text: &str) -> usize {
    let Ok(document) = Document::parse(text) else { return 0 };
    let mut item: &Item = document.as_item();
    let mut start = 0;
    for key in path.split('.') {
        let Some(next) = item.get(key) else { break };
        item = next;
        if let Some(span) = item.span() {
            start = span.start;
        }
    }
    start
}

/// What the reader of TOML says, in one line, with the name that was probably meant.
pub(super) fn explained(said: &str) -> String {
    let said = said.trim().replace('\n', ", ");
    let mut quoted = said.split('`').skip(1).step_by(2);
    let unknown = said.starts_with("unknown field") || said.starts_with("unknown variant");
    match quoted.next() {
        Some(wrong) if unknown => match nearest(wrong, quoted) {
            Some(name) => format!("{said}; did you mean `{name}`?"),
            None => said,
        },
        _ => said,
    }
}

/// The nearest of the names, if one is near enough to have been meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.len().max(wrong.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
