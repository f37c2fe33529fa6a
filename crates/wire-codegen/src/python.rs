//! Types and methods in Python: typed dictionaries, which are what JSON is read into as it stands.

use std::fmt::Write;

use crate::names::{pascal, snake, wrap};
use crate::schema::{Document, Method, Named, Type};

const HEAD: &str = r#""""What can be said to a device: every method with its parameters and result, as types.

Written from the Rust types of the device (crates/wire) by `make generate`: change them there.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, Union

# Data topic of commands, replies and notifications.
RPC_TOPIC = "artc.rpc"
# Byte stream topic of snapshots.
SNAPSHOT_TOPIC = "artc.snapshot"
# Byte stream topic of parts of recordings.
RECORD_TOPIC = "artc.record"
"#;

const COMMANDS: &str = r#"

class Commands:
    """A method for each command of a device."""

    async def call(self, method: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Any:
        """Asks the device."""
        raise NotImplementedError
"#;

const GIVEN: &str = r#"

def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
"#;

/// The whole module.
pub fn write(document: &Document) -> String {
    let mut out = HEAD.to_owned();
    out.push_str(
        "\n\nclass Code(enum.IntEnum):\n    \"\"\"Error codes of a device's replies; JSON-RPC's own are below zero.\"\"\"\n\n",
    );
    for error in &document.errors {
        _ = writeln!(out, "    {} = {}  # {}", error.name.to_uppercase(), error.code, error.means);
    }
    // What other types are made of goes first, because nothing but members' types is read late.
    let (words, others): (Vec<_>, Vec<_>) = document.types.iter().partition(|named| matches!(named.is, Type::Words(_)));
    let (objects, unions): (Vec<_>, Vec<_>) = others.into_iter().partition(|named| matches!(named.is, Type::Object(_)));
    for named in words.into_iter().chain(objects).chain(unions) {
        out.push_str(&declare(named));
    }
    out.push_str(COMMANDS);
    for method in &document.methods {
        out.push_str(&command(method));
    }
    out + GIVEN
}

fn declare(named: &Named) -> String {
    match &named.is {
        Type::Object(members) => {
            let mut out = format!("\n\nclass {}(TypedDict):\n{}", named.name, doc(&named.means, "    "));
            for member in members {
                out.push_str(&remark(&member.means, "    "));
                let is = spell(&member.is);
                _ = writeln!(out, "    {}: {}", member.name, if member.required { is } else { format!("NotRequired[{is}]") });
            }
            out
        }
        other => {
            let words = if let Type::Words(words) = other { words.as_slice() } else { &[] };
            let words: String = words.iter().map(|(word, means)| format!(" `{word}`: {means}")).collect();
            format!("\n{}{} = {}\n", remark(&format!("{}{words}", named.means), ""), named.name, at_once(other))
        }
    }
}

fn command(method: &Method) -> String {
    let mut params = String::new();
    for param in &method.params {
        let is = spell(&param.is);
        params.push_str(&if param.required {
            format!(", {}: {is}", param.name)
        } else {
            format!(", {}: {is} | None = None", param.name)
        });
    }
    let result = spell(&method.result);
    let star = if params.is_empty() { "" } else { ", *" };
    let given: Vec<String> = method.params.iter().map(|param| format!("{0}={0}", param.name)).collect();
    let given = if given.is_empty() { String::new() } else { format!(", _given({})", given.join(", ")) };
    let role = method.role.as_ref().map(|role| format!(" Role: {role}.")).unwrap_or_default();
    let told: String = method
        .params
        .iter()
        .filter(|param| !param.means.is_empty())
        .map(|param| format!(" `{}`: {}", param.name, param.means))
        .collect();
    format!(
        "\n    async def {}(self{star}{params}) -> {result}:\n{}        reply: {result} = await self.call({:?}{given})\n        return reply\n",
        snake(&method.name),
        doc(&format!("{}{role}{told}", method.summary), "        "),
        method.name
    )
}

/// Where it is read late: as an annotation.
fn spell(is: &Type) -> String {
    match is {
        Type::Anything => "Any".to_owned(),
        Type::Flag => "bool".to_owned(),
        Type::Whole(..) => "int".to_owned(),
        Type::Number => "float".to_owned(),
        Type::Text => "str".to_owned(),
        Type::Words(words) => {
            format!("Literal[{}]", words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(", "))
        }
        Type::List(of) => format!("list[{}]", spell(of)),
        Type::Map(of) => format!("dict[str, {}]", spell(of)),
        Type::Named(name) => pascal(name),
        Type::Either(choices) => choices.iter().map(spell).collect::<Vec<_>>().join(" | "),
        Type::Object(_) => "dict[str, Any]".to_owned(),
    }
}

/// Where it is read at once: names that come later stand as text.
fn at_once(is: &Type) -> String {
    match is {
        Type::Either(choices) => {
            let choices: Vec<String> = choices
                .iter()
                .map(|choice| if let Type::Named(name) = choice { format!("{name:?}") } else { spell(choice) })
                .collect();
            format!("Union[{}]", choices.join(", "))
        }
        other => spell(other),
    }
}

fn remark(text: &str, indent: &str) -> String {
    wrap(text, 100).iter().map(|line| format!("{indent}# {line}\n")).collect()
}

fn doc(text: &str, indent: &str) -> String {
    let lines = wrap(text, 100);
    match lines.as_slice() {
        [] => format!("{indent}\"\"\"Nothing.\"\"\"\n\n"),
        [one] => format!("{indent}\"\"\"{one}\"\"\"\n"),
        many => format!("{indent}\"\"\"{}\n{indent}\"\"\"\n", many.join(&format!("\n{indent}"))),
    }
}
