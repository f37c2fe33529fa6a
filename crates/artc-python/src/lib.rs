//! The native half of the vendor's three Python modules: our engine with Python's types, and its events as callbacks.
//!
//! Everything here is said in numbers, texts and bytes; enums, structs, argument checks and the delivery of callbacks are the
//! Python half (`python/`), where a user can read them. No call holds the interpreter's lock while the engine works, so a callback
//! may call whatever it likes. Not for anything that the engine API does not have.

mod answer;
mod buffer;
mod engine;
mod events;
mod pool;
mod tables;

use pyo3::prelude::*;

/// `AliRTCEngineImpl._native`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<engine::Engine>()?;
    module.add("ENUMS", tables::ENUMS.iter().map(|(name, members)| (*name, members.to_vec())).collect::<Vec<_>>())?;
    module.add("METHODS", artc_bindings::engine::METHODS.map(|(_, documented)| documented))?;
    module.add("MAX_SEI_BYTES", artc_bindings::MAX_SEI_BYTES)?;
    module.add("MAX_DATA_BYTES", artc_bindings::MAX_DATA_BYTES)
}
