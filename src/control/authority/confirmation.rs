//! Commands that have to be asked for twice: what nothing brings back is not done by one slip, nor by one replay.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wire::{Code, Refusal, Request};

use crate::control::Sender;

/// How long a first attempt is remembered.
pub(super) const VALID: Duration = Duration::from_secs(30);
/// First attempts that are remembered, one a sender.
const WAITING: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Confirmations {
    waiting: HashMap<Sender, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    token: String,
    deed: Vec<u8>,
    until: Duration,
}

impl Confirmations {
    /// Lets a request pass that carries the token which the same request of the same sender, under the same key, was refused with.
    ///
    /// # Errors
    /// [`Code::ConfirmationNeeded`], with a new token.
    pub fn check(&mut self, from: &Sender, key: Option<&str>, request: &Request, now: Duration) -> Result<(), Refusal> {
        let deed = deed(key, request);
        let first = self.waiting.remove(from);
        self.waiting.retain(|_, waiting| waiting.until > now);
        let why = match (&request.confirm, first) {
            (Some(token), Some(first)) if first.until > now && first.token == *token && first.deed == deed => return Ok(()),
            (Some(_), _) => "this is not its confirmation; it is carried out when it is sent once more",
            (None, _) => "it is carried out when it is sent once more",
        };
        if self.waiting.len() >= WAITING {
            let oldest = self.waiting.iter().min_by_key(|(_, waiting)| waiting.until).map(|(sender, _)| sender.clone());
            oldest.and_then(|sender| self.waiting.remove(&sender));
        }
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        self.waiting.insert(from.clone(), Waiting { token: token.clone(), deed, until: now + VALID });
        let mut refusal = Refusal::new(Code::ConfirmationNeeded, format!("{}: {why}", request.method.name()));
        refusal.confirm = Some(token);
        Err(refusal)
    }

    /// `from` is gone.
    pub fn forget(&mut self, from: &Sender) {
        self.waiting.remove(from);
    }
}

/// What is asked for, letter for letter, and under which key.
fn deed(key: Option<&str>, request: &Request) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [key.unwrap_or_default(), request.method.name(), request.params()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().to_vec()
}
