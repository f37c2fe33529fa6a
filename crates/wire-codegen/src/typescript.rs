//! Types and methods in TypeScript.

use std::fmt::Write;

use crate::names::{camel, pascal, wrap};
use crate::schema::{Document, Member, Method, Named, Type};

const HEAD: &str = "Written from the Rust types of the device (crates/wire) by `make generate`: change them there.";

/// What can be said to a device, as types.
pub fn types(document: &Document) -> String {
    let mut out = format!(
        "/**\n * What can be said to a device: every method with its parameters and result, as types.\n *\n * {HEAD}\n */\n"
    );
    for named in &document.types {
        _ = write!(out, "\n{}", declare(named));
    }
    out.push_str("\n/** No parameters. */\nexport type Nothing = Record<string, never>;\n");
    out.push_str("\n/** Every method: what it takes and what it answers. */\nexport interface Methods {\n");
    for method in &document.methods {
        out.push_str(&comment(&described(method), "  "));
        let params = if method.params.is_empty() { "Nothing".to_owned() } else { inline(&method.params) };
        _ = writeln!(out, "  {:?}: {{ params: {params}; result: {} }};", method.name, spell(&method.result));
    }
    out.push_str("}\n\nexport type Method = keyof Methods;\n");
    let local: Vec<String> =
        document.methods.iter().filter(|method| method.local).map(|method| format!("{:?}", method.name)).collect();
    _ = write!(
        out,
        "\n/** Methods that are answered on the device's own unix socket only. */\nexport const LOCAL: readonly Method[] = [{}];\n",
        local.join(", ")
    );
    out.push_str("\n/** What a device sends unasked: the method and its parameters. */\nexport interface Notifications {\n");
    for notification in &document.notifications {
        out.push_str(&comment(&notification.summary, "  "));
        _ = writeln!(out, "  {:?}: {};", notification.name, spell(&notification.params));
    }
    out.push_str("}\n\n/** Data topic of commands, replies and notifications. */\nexport const RPC_TOPIC = \"artc.rpc\";\n");
    out.push_str("/** Byte stream topic of snapshots. */\nexport const SNAPSHOT_TOPIC = \"artc.snapshot\";\n");
    out.push_str("/** Byte stream topic of parts of recordings. */\nexport const RECORD_TOPIC = \"artc.record\";\n");
    out.push_str("\n/** Error codes of a device's replies; JSON-RPC's own are below zero. */\nexport const Code = {\n");
    for error in &document.errors {
        _ = writeln!(out, "  /** {} */\n  {}: {},", error.means, pascal(&error.name), error.code);
    }
    out + "} as const;\n"
}

/// One method for each command.
pub fn commands(document: &Document) -> String {
    let mut out = format!("/**\n * A method for each command of a device.\n *\n * {HEAD}\n */\n");
    out.push_str("\nimport type { Method, Methods } from \"./methods\";\nimport type { CallOptions } from \"./rpc\";\n");
    out.push_str("\ntype Params<M extends Method> = Methods[M][\"params\"];\ntype Result<M extends Method> = Promise<Methods[M][\"result\"]>;\n");
    out.push_str("\nexport abstract class Commands {\n  /** Asks the device. */\n");
    out.push_str("  abstract call<M extends Method>(method: M, params: Params<M>, options?: CallOptions): Result<M>;\n");
    // Whoever is in the channel gets no answer to the others.
    for method in document.methods.iter().filter(|method| !method.local) {
        let name = &method.name;
        let params = match (method.params.is_empty(), method.params.iter().any(|param| param.required)) {
            (true, _) => String::new(),
            (false, true) => format!("params: Params<{name:?}>, "),
            (false, false) => format!("params: Params<{name:?}> = {{}}, "),
        };
        let given = if method.params.is_empty() { "{}" } else { "params" };
        _ = write!(
            out,
            "\n{}  {}({params}options?: CallOptions): Result<{name:?}> {{\n",
            comment(&described(method), "  "),
            camel(name)
        );
        _ = writeln!(out, "    return this.call({name:?}, {given}, options);\n  }}");
    }
    out + "}\n"
}

fn described(method: &Method) -> String {
    let role = method.role.as_ref().map(|role| format!(" Role: {role}.")).unwrap_or_default();
    format!("{}{role}", method.summary)
}

fn declare(named: &Named) -> String {
    match &named.is {
        Type::Object(members) => {
            let mut out = comment(&named.means, "") + &format!("export interface {} {{\n", named.name);
            for member in members {
                out.push_str(&comment(&member.means, "  "));
                _ = writeln!(out, "  {}: {};", key(member), spell(&member.is));
            }
            out + "}\n"
        }
        Type::Words(words) => {
            let meanings: String = words.iter().map(|(word, means)| format!(" `{word}`: {means}")).collect();
            format!("{}export type {} = {};\n", comment(&format!("{}{meanings}", named.means), ""), named.name, spell(&named.is))
        }
        other => format!("{}export type {} = {};\n", comment(&named.means, ""), named.name, spell(other)),
    }
}

fn key(member: &Member) -> String {
    format!("{}{}", member.name, if member.required { "" } else { "?" })
}

fn inline(members: &[Member]) -> String {
    let members: Vec<String> = members.iter().map(|member| format!("{}: {}", key(member), spell(&member.is))).collect();
    if members.is_empty() { "Record<string, never>".to_owned() } else { format!("{{ {} }}", members.join("; ")) }
}

fn spell(is: &Type) -> String {
    match is {
        Type::Anything => "unknown".to_owned(),
        Type::Flag => "boolean".to_owned(),
        Type::Whole(..) | Type::Number => "number".to_owned(),
        Type::Text => "string".to_owned(),
        Type::Words(words) => words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(" | "),
        Type::List(of) if matches!(**of, Type::Either(_) | Type::Words(_)) => format!("({})[]", spell(of)),
        Type::List(of) => format!("{}[]", spell(of)),
        Type::Map(of) => format!("Record<string, {}>", spell(of)),
        Type::Named(name) => name.clone(),
        Type::Either(choices) => choices.iter().map(spell).collect::<Vec<_>>().join(" | "),
        Type::Object(members) => inline(members),
    }
}

fn comment(text: &str, indent: &str) -> String {
    let lines = wrap(text, 110);
    match lines.as_slice() {
        [] => String::new(),
        [one] => format!("{indent}/** {one} */\n"),
        many => {
            let lines: String = many.iter().map(|line| format!("{indent} * {line}\n")).collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}
