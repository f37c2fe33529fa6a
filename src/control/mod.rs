//! Commands: who may say what, how often, and what should happen then.
//!
//! The law: every message that comes in gives at most one reply, and nothing here does anything by itself. [`Desk`] is the sans-IO
//! whole of it, and the shell feeds it:
//!
//! 1. Bytes came from somebody: [`Desk::receive`]. It checks size, rate, form, permission, ids and parameters, and gives a [`Step`].
//! 2. `Step::Send(letter)`: send it. `Step::Do { ticket, effect }`: carry the [`Effect`] out. `Step::Nothing`: go on.
//! 3. When the effect is done: [`Desk::finish`] with the ticket and the [`Outcome`]; send the letter that comes back.
//! 4. At [`Desk::deadline`]: [`Desk::expire`] until it gives nothing. So even an effect that never ends is answered.
//! 5. Somebody left: [`Desk::forget`]; whatever is still under way for him is carried out, and remembered until he is back and asks again
//!    (see [`window`]).
//! 6. `Step::Work`: a job, see [`jobs`].
//!
//! What should happen is decided by [`dispatch()`], which is pure: the same request, caller and [`View`] give the same decision.

mod account;
mod audio;
pub mod audit;
mod authority;
mod batches;
mod board;
mod camera;
pub mod client;
mod config;
mod desk;
mod device;
mod dispatch;
pub mod effect;
pub mod jobs;
mod limits;
mod log;
mod net;
pub mod permission;
mod ptz;
mod record;
mod reply;
mod rpc;
mod sender;
mod settings;
pub mod socket;
pub mod state;
mod stream;
mod tickets;
mod topics;
mod update;
pub mod view;
pub mod window;

#[cfg(test)]
mod tests;

pub use authority::{KeyChanges, KeyConfig, PublicKey};
pub use config::Config;
pub use desk::{Desk, Step};
pub use dispatch::{AtDesk, Caller, Decision, dispatch};
pub use effect::{
    BoardAct, ConfigAct, ControlChange, Effect, Failure, LevelChange, LogAct, Outcome, PowerAct, RecordAct, StateAct,
    StreamChange, TailWish,
};
pub use limits::PATIENCE;
pub use reply::{JPEG, MP4, job_result, reply};
pub use sender::{Attachment, Letter, Sender};
pub use tickets::Ticket;
pub use view::View;
