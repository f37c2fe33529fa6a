//! In whose name a request is made, and whether that is enough: roles, signatures, confirmations.
//!
//! What a role may do stands in the table of methods, and [`dispatch`](crate::control::dispatch()) compares. Here is what has a memory:
//! keys and their changes, the numbers that were used in this join, first attempts that wait for their second.

mod confirmation;
mod keys;
mod signature;

use std::time::Duration;

pub use keys::{KeyChanges, KeyConfig, PublicKey};
use wire::{Command, Method, Refusal, Request, Role, auth};

use self::confirmation::Confirmations;
use self::keys::Keyring;
use self::signature::{Signatures, TimeOfDay};
use super::permission::Permissions;
use super::{Caller, Config, Sender, View};

/// The authority over one device.
#[derive(Debug)]
pub(super) struct Authority {
    pub permissions: Permissions,
    keys: Keyring,
    signatures: Signatures,
    confirmations: Confirmations,
}

/// In whose name a request is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The key that signed it.
    pub key: Option<String>,
    /// The role that it is judged by.
    pub role: Option<Role>,
}

impl Authority {
    pub fn new(config: &Config) -> Self {
        Self {
            permissions: Permissions::new(config),
            keys: Keyring::new(&config.keys),
            signatures: Signatures::new(),
            confirmations: Confirmations::default(),
        }
    }

    /// Takes over what was changed about keys in runs before.
    pub fn keep(&mut self, changes: Option<KeyChanges>) {
        self.keys.keep(changes);
    }

    /// The rules and keys are those of `config` from now on; what was changed about keys still holds.
    pub fn reconfigure(&mut self, config: &Config) {
        self.permissions.reconfigure(config);
        self.keys.reconfigure(&config.keys);
    }

    /// A new join: what was signed for the one before holds no more.
    pub fn joined(&mut self) {
        self.signatures = Signatures::new();
    }

    /// `from` is gone.
    pub fn forget(&mut self, from: &Sender) {
        self.confirmations.forget(from);
    }

    /// The standing of `from` without a signature.
    pub fn standing(&self, from: &Sender) -> Standing {
        let role = match from {
            Sender::Participant(identity) => self.permissions.role(identity),
            Sender::Broker => self.permissions.broker_role(),
            Sender::Local { .. } => Some(Role::Own),
        };
        Standing { key: None, role }
    }

    /// The request itself, out of its envelope where it has one, and in whose name it is made.
    ///
    /// # Errors
    /// An envelope that is not believed.
    pub fn open(&mut self, from: &Sender, request: Request, view: &View, now: Duration) -> Result<(Request, Standing), Refusal> {
        if request.method != Method::RpcSigned || self.keys.is_empty() {
            return Ok((request, self.standing(from)));
        }
        let Command::RpcSigned(signed) = request.command()? else { return Ok((request, self.standing(from))) };
        let day = TimeOfDay { seconds: view.status.time_ms / 1000, trusted: view.clock_trusted };
        let (claims, signer) = self.signatures.open(&signed.jws, &self.keys, &view.info.id, day, now)?;
        Ok((claims.into_request(request)?, Standing { key: Some(signer.key), role: Some(signer.role) }))
    }

    /// The caller in the words of `dispatch`.
    pub fn caller<'a>(from: &'a Sender, standing: &'a Standing) -> Caller<'a> {
        match (from, &standing.key, standing.role) {
            (_, Some(key), Some(role)) => Caller::Signed { key, role },
            (Sender::Participant(identity), ..) => Caller::Participant(identity),
            (Sender::Broker, ..) => Caller::Broker,
            (Sender::Local { .. }, ..) => Caller::Local,
        }
    }

    /// Lets pass what needs no confirmation, and what carries it. Who is at the local socket could as well do it by hand.
    ///
    /// # Errors
    /// [`wire::Code::ConfirmationNeeded`].
    pub fn confirm(&mut self, from: &Sender, standing: &Standing, request: &Request, now: Duration) -> Result<(), Refusal> {
        if !request.method.is_confirmed() || from.is_local() {
            return Ok(());
        }
        self.confirmations.check(from, standing.key.as_deref(), request, now)
    }

    /// What a signed command must name.
    pub fn session(&self, standing: &Standing, view: &View, now: Duration) -> auth::Session {
        auth::Session {
            device: view.info.id.clone(),
            session: self.signatures.session(),
            nonce: self.signatures.nonce(now),
            clock_trusted: view.clock_trusted,
            time_ms: view.status.time_ms,
            signature_required: self.permissions.signature_required(),
            role: standing.role,
        }
    }

    /// All keys.
    pub fn keys(&self) -> auth::Keys {
        self.keys.list()
    }

    /// What has to be kept over a restart.
    pub fn changes(&self) -> KeyChanges {
        self.keys.changes().clone()
    }

    /// Puts a key in another's place, from now on.
    ///
    /// # Errors
    /// A name or a key that cannot be.
    pub fn rotate(&mut self, params: &auth::RotateKey) -> Result<(), Refusal> {
        self.keys.rotate(&params.name, &params.key)
    }

    /// Takes everything from a key, from now on.
    ///
    /// # Errors
    /// A name that there is not.
    pub fn revoke(&mut self, params: &auth::RevokeKey) -> Result<(), Refusal> {
        self.keys.revoke(&params.name)
    }
}
