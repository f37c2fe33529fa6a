//! What can be wrong with a configuration, said so that it can be put right.

use std::{fmt, io, path::Path};

use super::{
    secrets::may_hold_secret,
    tree::{Layer, Origin},
};

/// Why no configuration came out: at least one problem.
#[derive(Debug)]
pub struct ConfigError {
    /// In the order in which they were found.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where; `None` when it is about no place in particular.
    pub at: Option<Origin>,
    /// What, with the way out.
    pub text: String,
    /// Whether the line may be shown; not when it holds a secret.
    pub secret: bool,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Problem {
    pub(super) fn plain(at: Option<Origin>, text: impl Into<String>) -> Self {
        Self { at, text: text.into(), secret: false, suggestion: None }
    }

    pub(super) fn syntax(at: Origin, message: &str) -> Self {
        let text = message.trim().replace('\n', ", ");
        if text == "duplicate key" {
            let name = at.source.text.get(at.span.clone()).unwrap_or("").to_owned();
            let text = if at.line().trim_start().starts_with('[') {
                format!("[{name}] is written twice; put all its keys under one")
            } else {
                format!("`{name}` is set twice in this section; keep one")
            };
            return Self::plain(Some(at), text);
        }
        if text.starts_with("invalid boolean") || text.starts_with("string values must be quoted") {
            return Self::plain(Some(at), "not valid TOML: this value is no number, true or false; a text stands in \"quotes\"");
        }
        Self::plain(Some(at), format!("not valid TOML: {text}"))
    }

    pub(super) fn unreadable(path: &Path, why: &io::Error) -> Self {
        let text = match why.kind() {
            io::ErrorKind::NotFound => "no such file; create it, or name another with --config".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied; let this user read it".to_owned(),
            io::ErrorKind::IsADirectory => "a directory; name the file in it".to_owned(),
            _ => format!("cannot be read: {why}"),
        };
        Self::plain(None, format!("{}: {text}", path.display()))
    }

    /// Place and text in one line.
    pub fn headline(&self) -> String {
        match &self.at {
            Some(at) => format!("{at}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let Some(at) = &self.at else { return Ok(()) };
        if self.secret
            || may_hold_secret(at.line())
            || matches!(at.source.layer, Layer::Environment | Layer::Credential)
            || at.line().trim().is_empty()
        {
            return Ok(());
        }
        let (number, column) = at.position();
        let line = at.line();
        let shown = line.chars().count().saturating_sub(column - 1);
        let length = at.source.text.get(at.span.clone()).map_or(1, |text| text.lines().next().unwrap_or("").chars().count());
        let marks = "^".repeat(length.clamp(1, shown.max(1)));
        let margin = number.to_string().len();
        write!(f, "\n{number:>width$} | {line}\n{:>width$} | {:>column$}", "", "", width = margin + 2, column = column - 1)?;
        f.write_str(&marks)
    }
}
