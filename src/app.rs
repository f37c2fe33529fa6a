//! The shell: threads, the one clock, wiring, effects carried out, orderly stop.

use crate::{cli::Exit, config::Loaded, telemetry::Telemetry};

/// Runs until a signal asks to stop.
pub fn run(loaded: Loaded, _telemetry: Telemetry) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            tracing::error!("cannot start: {why}");
            return Exit::TryAgain;
        }
    };
    runtime.block_on(async {
        println!("board: {}", loaded.board.title(&loaded.machine));
        let _ = tokio::signal::ctrl_c().await;
    });
    Exit::Ok
}
