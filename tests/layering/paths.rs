//! Reads which modules and crates a Rust file names, without a parser: comments and texts are cut out, the rest is words.

use std::collections::{BTreeMap, BTreeSet};

/// What `text`, the module `path` of the daemon, names: `crate::MODULE` for modules at the top of the daemon, and crates of `crates`.
pub fn named(text: &str, path: &[String], crates: &[&str]) -> BTreeSet<String> {
    let words = words(&without_comments(text));
    let mut found = BTreeSet::new();
    // Modules within the file, each with the depth of braces at which it ends.
    let mut inner: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| words[at].as_str());
        let after = words.get(at + 1).map_or("", String::as_str);
        match word.as_str() {
            "{" => {
                let opens_module = at >= 2 && words[at - 2] == "mod";
                depth += 1;
                if opens_module {
                    inner.push(depth);
                }
            }
            "}" => {
                if inner.last() == Some(&depth) {
                    inner.pop();
                }
                depth = depth.saturating_sub(1);
            }
            "crate" | "artc_edge" if before != "::" && after == "::" && before != "(" => top(&words, at + 1, &mut found),
            "super" if before != "::" => {
                let supers = words[at..].chunks(2).take_while(|pair| pair[0] == "super").count();
                if supers == path.len() + inner.len() {
                    top(&words, at + 2 * supers - 1, &mut found);
                }
            }
            name if before != "::" && crates.contains(&name) => {
                let used = after == "::" || (before == "use" && (after == ";" || after == "as"));
                if used {
                    found.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

/// Enters what follows the `::` at `at`: one name, or a group of them.
fn top(words: &[String], at: usize, found: &mut BTreeSet<String>) {
    let Some(next) = words.get(at + 1) else { return };
    if next != "{" {
        if is_name(next) {
            found.insert(format!("crate::{next}"));
        }
        return;
    }
    let mut depth = 0_usize;
    for pair in words[at + 1..].windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
        if depth == 1 && matches!(pair[0].as_str(), "{" | ",") && is_name(&pair[1]) {
            found.insert(format!("crate::{}", pair[1]));
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
}

/// Names, `::` and single signs.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            words.push(rest[..len].to_owned());
        }
        rest = &rest[len..];
    }
    words
}

/// The text without comments and without what stands between quotes.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if first == '"' {
            quoted(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'") {
            3
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        kept.push(' ');
        rest = &rest[skip..];
    }
    kept
}

/// Length of the quoted text at the beginning.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The first ring of arrows, if there is one.
pub fn ring(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(at: &str, arrows: &BTreeMap<String, BTreeSet<String>>, way: &mut Vec<String>) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|room| room == at) {
            return Some(way[start..].to_vec());
        }
        way.push(at.to_owned());
        let found = arrows.get(at).into_iter().flatten().find_map(|next| walk(next, arrows, way));
        way.pop();
        found
    }
    arrows.keys().find_map(|room| walk(room, arrows, &mut Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: [&str; 2] = ["media", "wire"];

    fn names(text: &str, path: &[&str]) -> Vec<String> {
        let path: Vec<String> = path.iter().map(|&s| s.to_owned()).collect();
        named(text, &path, &CRATES).into_iter().collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        assert_eq!(names("use crate::config::Config;", &["session"]), ["crate::config"]);
        assert_eq!(names("use crate::{app, capture::{video, audio}, Thing};", &["x"]), ["crate::app", "crate::capture"]);
        assert_eq!(names("fn f(x: crate::app::Y) -> media::Size {}", &["x"]), ["crate::app", "media"]);
        assert_eq!(names("use wire;\nuse media as m;", &["x"]), ["media", "wire"]);
        assert_eq!(names("use artc_edge::cli::Exit;", &["main"]), ["crate::cli"]);
    }

    #[test]
    fn ways_up_are_followed_to_the_top() {
        assert_eq!(names("use super::config;", &["session"]), ["crate::config"]);
        assert_eq!(names("use super::config;", &["session", "call"]), Vec::<String>::new());
        assert_eq!(names("use super::super::config;", &["session", "call"]), ["crate::config"]);
        assert_eq!(names("mod tests { use super::config; }", &["session"]), Vec::<String>::new());
        assert_eq!(
            names("mod tests { use super::super::config; } use super::app;", &["session"]),
            ["crate::app", "crate::config"]
        );
    }

    #[test]
    fn comments_texts_and_names_of_ones_own_do_not_count() {
        let text = r##"
            //! Not for [`crate::config`].
            /* use wire::X; */
            const A: &str = "use crate::app; \" media::Size";
            const B: &str = r#"use crate::app;"#;
            let wire = 1; self.media.size(); other::media::X;
        "##;
        assert_eq!(names(text, &["x"]), Vec::<String>::new());
    }

    #[test]
    fn rings_are_found() {
        let arrows = |pairs: &[(&str, &str)]| {
            let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (from, to) in pairs {
                arrows.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            }
            arrows
        };
        assert_eq!(ring(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
        let found = ring(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")])).expect("b and c");
        assert_eq!(found, ["b", "c"]);
    }
}
