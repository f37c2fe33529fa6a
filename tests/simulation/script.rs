//! What goes wrong, and when.

use std::time::Duration;

use artc_bindings::ErrorCode;
use artc_bindings::fake::JoinOutcome;
use artc_edge::session::Medium;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// Something that happens to the session or to its world.
#[derive(Clone, Debug)]
pub enum Action {
    /// The network is gone.
    LinkDown,
    /// The network is back, and the session is told.
    LinkUp,
    /// The network is back, and nobody tells.
    LinkUpUnseen,
    /// The session is told of a link although nothing was wrong.
    FalseHope,
    /// The channel removes us.
    Remove,
    /// The engine tells an error.
    Error(ErrorCode),
    /// The next join goes like this.
    NextJoin(JoinOutcome),
    /// Tokens are to be had, or not; or they take their time.
    Tokens(Tokens),
    /// The user wants out.
    Leave,
    /// The user wants in.
    Join,
    /// The user mutes or unmutes.
    Mute(Medium, bool),
}

/// Who hands out tokens, and how well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// At once.
    Ready,
    /// Refused.
    Refused,
    /// After a time.
    Slow(Duration),
    /// Never.
    Silent,
}

#[derive(Debug)]
pub struct Script {
    pub actions: Vec<(Duration, Action)>,
}

const CODES: [ErrorCode; 9] = [
    ErrorCode::JoinBadToken,
    ErrorCode::JoinBadAppid,
    ErrorCode::JoinTimeout,
    ErrorCode::JoinFailed,
    ErrorCode::NetworkDisconnect,
    ErrorCode::SessionRemoved,
    ErrorCode::AudioDataError,
    ErrorCode::PublishVideoStreamFailed,
    ErrorCode::Inner,
];

impl Script {
    /// Up to 60 things within `span`, most of them in bursts.
    pub fn random(seed: u64, span: Duration) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut actions = Vec::new();
        let mut at = Duration::ZERO;
        for _ in 0..random.random_range(5..60) {
            let burst = random.random_bool(0.5);
            at += Duration::from_millis(if burst { random.random_range(0..300) } else { random.random_range(300..40_000) });
            if at >= span {
                break;
            }
            actions.push((at, Self::action(&mut random)));
        }
        Self { actions }
    }

    fn action(random: &mut StdRng) -> Action {
        let code = *CODES.choose(random).expect("there are codes");
        match random.random_range(0..20) {
            0..=2 => Action::LinkDown,
            3..=5 => Action::LinkUp,
            6 => Action::LinkUpUnseen,
            7 => Action::FalseHope,
            8..=9 => Action::Remove,
            10..=11 => Action::Error(code),
            12 => Action::NextJoin(JoinOutcome::Silence),
            13..=14 => {
                let after = Duration::from_millis(random.random_range(0..20_000));
                Action::NextJoin(JoinOutcome::Result { code, after })
            }
            15 => Action::Tokens(Tokens::Ready),
            16 => Action::Tokens(match random.random_range(0..3) {
                0 => Tokens::Refused,
                1 => Tokens::Slow(Duration::from_millis(random.random_range(0..20_000))),
                _ => Tokens::Silent,
            }),
            17 => Action::Leave,
            18 => Action::Join,
            _ => Action::Mute(if random.random() { Medium::Video } else { Medium::Audio }, random.random()),
        }
    }
}
