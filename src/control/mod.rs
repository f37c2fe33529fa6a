//! Commands: who may say what, how often, and what should happen then.
//!
//! The law: every message that comes in gives at most one reply, and nothing here does anything by itself. [`Desk`] is the sans-IO
//! whole of it, and the shell feeds it:
//!
//! 1. Bytes came from somebody: [`Desk::receive`]. It checks size, rate, form, permission, ids and parameters, and gives a [`Step`].
//! 2. `Step::Send(letter)`: send it. `Step::Do { ticket, effect }`: carry the [`Effect`] out. `Step::Nothing`: go on.
//! 3. When the effect is done: [`Desk::finish`] with the ticket and the [`Outcome`]; send the letter that comes back.
//! 4. At [`Desk::deadline`]: [`Desk::expire`] until it gives nothing. So even an effect that never ends is answered.
//! 5. Somebody left: [`Desk::forget`]; whatever is still under way for him is not answered any more.
//!
//! What should happen is decided by [`dispatch()`], which is pure: the same request, caller and [`View`] give the same decision.

mod audio;
pub mod audit;
mod authority;
mod board;
mod camera;
pub mod client;
mod config;
mod desk;
mod device;
mod dispatch;
pub mod effect;
mod limits;
mod log;
mod net;
pub mod permission;
mod ptz;
mod reply;
mod rpc;
mod settings;
pub mod socket;
pub mod state;
mod stream;
mod update;
pub mod view;
mod watchers;

#[cfg(test)]
mod tests;

pub use authority::{KeyChanges, KeyConfig};
pub use config::Config;
pub use desk::{Attachment, Desk, Letter, Sender, Step, Ticket};
pub use dispatch::{AtDesk, Caller, Decision, dispatch};
pub use effect::{
    BoardAct, ConfigAct, ControlChange, Effect, Failure, LevelChange, LogAct, Outcome, PowerAct, StateAct, StreamChange, TailWish,
};
pub use limits::PATIENCE;
pub use reply::reply;
pub use view::View;
