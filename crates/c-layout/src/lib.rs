//! For tests of whatever hands C structures to the kernel or to a library: whether they are what the C compiler says, for the architecture that
//! the test was built for. Linked into nothing that is shipped.
//!
//! The compiler only looks (`-fsyntax-only`), so the one of another architecture will do: the test itself then runs under user-mode QEMU.
//! Not for finding a layout out: what is handed over is written down where it is used.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A C compiler for the architecture of this test: a program, and what it is always told.
#[derive(Clone, Debug)]
pub struct Compiler(Vec<String>);

impl Compiler {
    /// What `TARGET_CC` names (`setup/cross.sh` sets it), or this machine's `cc`.
    pub fn of_this_target() -> Self {
        let said = std::env::var("TARGET_CC").unwrap_or_default();
        let words: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
        Self(if words.is_empty() { vec!["cc".to_owned()] } else { words })
    }
}

/// Constant expressions of C, and the values that they must have.
#[derive(Clone, Debug)]
pub struct Agreement {
    header: &'static str,
    values: Vec<(&'static str, usize)>,
}

impl Agreement {
    /// Nothing yet, about what `header` declares.
    pub fn new(header: &'static str) -> Self {
        Self { header, values: vec![("sizeof(void *)", size_of::<*const u8>())] }
    }

    /// `expression` must be `value`.
    pub fn add(&mut self, expression: &'static str, value: usize) {
        self.values.push((expression, value));
    }

    /// The expressions that have other values, by what the compiler says of them, compiled with `flags` on top.
    ///
    /// # Panics
    /// When there is no compiler, or it does not understand the header or an expression.
    pub fn disagreements(&self, compiler: &Compiler, flags: &[&str]) -> Vec<String> {
        let mut source = format!("#include <stddef.h>\n#include <{}>\n", self.header);
        for (expression, value) in &self.values {
            let _ = writeln!(source, "_Static_assert(({expression}) == {value}u, \"not {value}: {expression}\");");
        }
        let name = &compiler.0[0];
        let mut child = Command::new(name)
            .args(&compiler.0[1..])
            .args(["-std=gnu11", "-fsyntax-only", "-fmax-errors=0", "-x", "c", "-"])
            .args(flags)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        child.stdin.take().expect("it is piped").write_all(source.as_bytes()).expect("the compiler reads");
        let output = child.wait_with_output().expect("the compiler ends");
        let said = String::from_utf8_lossy(&output.stderr);
        let (wrong, errors): (Vec<_>, Vec<_>) =
            said.lines().filter(|line| line.contains("error:")).partition(|line| line.contains("static assertion failed"));
        assert!(errors.is_empty() && output.status.success() == wrong.is_empty(), "{name} on {}: {said}", self.header);
        wrong.into_iter().map(str::to_owned).collect()
    }

    /// Fails with every expression that has another value.
    ///
    /// # Panics
    /// When there is one, or as [`Agreement::disagreements`] does.
    #[track_caller]
    pub fn check(&self, compiler: &Compiler, flags: &[&str]) {
        let wrong = self.disagreements(compiler, flags);
        assert!(wrong.is_empty(), "C ({compiler:?} {flags:?}) has it otherwise:\n{}", wrong.join("\n"));
    }
}
