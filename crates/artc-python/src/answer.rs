//! How calls answer Python, and documented enums by the numbers in which Python gives them.

use artc_bindings::CallError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// How a call ended: well, or with the documented code and the reason in words.
pub type Answer = PyResult<Option<(i64, String)>>;

/// A refusal of the engine's.
pub fn refusal(error: &CallError) -> (i64, String) {
    (error.code().value(), error.to_string())
}

/// The answer to an argument that does not fit the others; `what` names the method and the argument.
pub fn refused((method, argument): (&'static str, &'static str), why: String) -> Answer {
    Ok(Some(refusal(&CallError::BadArgument { method, argument, why })))
}

/// A documented enum by its number.
pub fn member<T>(found: Option<T>, name: &str, value: i64) -> PyResult<T> {
    found.ok_or_else(|| PyValueError::new_err(format!("{value} is no {name}")))
}

/// The member of a documented enum with this number; `ValueError` when it has none.
macro_rules! by_number {
    ($kind:ident, $value:expr) => {
        $crate::answer::member($kind::from_value($value), stringify!($kind), $value)?
    };
}

pub(crate) use by_number;
