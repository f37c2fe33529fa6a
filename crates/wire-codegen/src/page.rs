//! docs/control.md: every method, type and error for people.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::example;
use crate::names::anchor;
use crate::schema::{Document, Member, Method, Named, Type};

/// Programs that the page shows as they stand in their files.
pub struct Examples {
    /// clients/typescript/examples/command.ts
    pub typescript: String,
    /// clients/python/examples/command.py
    pub python: String,
    /// clients/python/examples/local.py
    pub local: String,
}

/// The page.
pub fn write(document: &Document, examples: &Examples) -> String {
    let mut out = include_str!("intro.md")
        .replace("{typescript}", examples.typescript.trim())
        .replace("{python}", examples.python.trim())
        .replace("{local}", examples.local.trim());
    out.push_str("\n## Methods\n\n| method | role | what it does |\n|---|---|---|\n");
    for method in &document.methods {
        _ = writeln!(out, "| {} | {} | {} |", link(&method.name), method.role.as_deref().unwrap_or("-"), cell(&method.summary));
    }
    let mut families = BTreeSet::new();
    for method in &document.methods {
        if families.insert(method.family()) {
            _ = write!(out, "\n## {}\n", method.family());
        }
        out.push_str(&describe(method, document));
    }
    out.push_str("\n## Notifications\n");
    for notification in &document.notifications {
        _ = write!(
            out,
            "\n### {}\n\n{} It carries {}.\n\n",
            notification.name,
            notification.summary,
            spell(&notification.params)
        );
        _ = write!(out, "```json\n{}\n```\n", example::notification(&notification.name, &notification.params, document));
    }
    out.push_str("\n## Types\n");
    for named in &document.types {
        out.push_str(&declare(named));
    }
    out.push_str("\n## Errors\n\n| code | name | what it means | what to do |\n|---|---|---|---|\n");
    for error in &document.errors {
        _ = writeln!(out, "| {} | `{}` | {} | {} |", error.code, error.name, cell(&error.means), cell(&error.remedy));
    }
    out
}

fn describe(method: &Method, document: &Document) -> String {
    let mut out = format!("\n### {}\n\n{}\n\n", method.name, method.summary);
    if let Some(role) = &method.role {
        _ = writeln!(out, "- Role: {role}{}", if method.confirmed { ", and a confirmation" } else { "" });
    }
    if method.params.is_empty() {
        out.push_str("- Parameters: none\n");
    }
    _ = writeln!(out, "- Reply: {}", spell(&method.result));
    let errors: Vec<String> = method.errors.iter().map(|name| format!("`{name}`")).collect();
    let besides = if errors.is_empty() { String::new() } else { format!(", {}", errors.join(", ")) };
    _ = write!(out, "- Errors: those of every method{besides}\n\n");
    if !method.params.is_empty() {
        out.push_str(&table("parameter", &method.params));
        out.push('\n');
    }
    let (request, reply) = (example::request(method, document), example::reply(method, document));
    let reply = reply.to_string();
    // What fills a screen is shown to whoever wants to see it.
    if reply.len() > 600 {
        _ = write!(out, "```json\n{request}\n```\n\n<details><summary>reply</summary>\n\n```json\n{reply}\n```\n\n</details>\n");
    } else {
        _ = write!(out, "```json\n{request}\n{reply}\n```\n");
    }
    out
}

fn declare(named: &Named) -> String {
    let mut out = format!("\n### {}\n\n{}\n\n", heading(&named.name), named.means);
    match &named.is {
        Type::Object(members) if members.is_empty() => out.push_str("It has no members.\n"),
        Type::Object(members) => out.push_str(&table("member", members)),
        Type::Words(words) => {
            for (word, means) in words {
                _ = writeln!(out, "- `{word}`: {means}");
            }
        }
        other => _ = writeln!(out, "It is {}.", spell(other)),
    }
    out
}

fn table(what: &str, members: &[Member]) -> String {
    let mut out = format!("| {what} | type | what it is |\n|---|---|---|\n");
    for member in members {
        let left_out = if member.required { "" } else { ", may be left out" };
        _ = writeln!(out, "| `{}` | {}{left_out} | {} |", member.name, spell(&member.is), cell(&member.means));
    }
    out
}

fn spell(is: &Type) -> String {
    match is {
        Type::Anything => "any JSON".to_owned(),
        Type::Flag => "true or false".to_owned(),
        Type::Whole(Some(least), Some(most)) => format!("whole number, {least} to {most}"),
        Type::Whole(..) => "whole number".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Words(words) => words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Type::List(of) => format!("list of {}", spell(of)),
        Type::Map(of) => format!("{} by name", spell(of)),
        Type::Named(name) => format!("[{name}](#{})", anchor(&heading(name))),
        Type::Either(choices) => choices.iter().map(spell).collect::<Vec<_>>().join(", or "),
        Type::Object(members) if members.is_empty() => "an object without members".to_owned(),
        Type::Object(members) => members.iter().map(|member| format!("`{}`", member.name)).collect::<Vec<_>>().join(", "),
    }
}

/// A type's: `camera.list` and `CameraList` would be the same place otherwise.
fn heading(type_name: &str) -> String {
    format!("Type {type_name}")
}

fn link(method: &str) -> String {
    format!("[{method}](#{})", anchor(method))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
