//! The envelope of a signed command: a JWS in compact form (RFC 7515) with Ed25519 (RFC 8037), read as strictly as it can be.
//!
//! This room tells the envelope's parts apart and nothing more: whether key, signature, time and order are right is for whoever has keys
//! and a clock. All that could be read in two ways is refused: unknown or repeated members, padded or untidy base64, another
//! algorithm, a key named by its value or by an address.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::method::without_position;
use crate::{Code, Method, Refusal, Request, fields};

/// Longest time in seconds between `iat` and `exp`.
pub const LONGEST_LIFE: u64 = 60;
/// Fewest characters of a `jti`: 128 bits in base64url without padding.
pub const SHORTEST_JTI: usize = 22;
/// Most characters of a `jti`.
pub const LONGEST_JTI: usize = 64;
/// Bytes of an Ed25519 signature.
pub const SIGNATURE: usize = 64;

/// Parameters of `rpc.signed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// JWS in compact form: header {alg: EdDSA, kid}, claims {aud, iat, exp, jti, seq, kid, sid, nonce?, method, params?, confirm?}.
    pub jws: String,
}

/// The answer of a signed command: that of the method in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Inner(pub serde_json::Value);

impl JsonSchema for Inner {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Inner".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "What the method in the envelope answers." })
    }
}

/// The header. `typ` says nothing that we need, and may say `JWT` or `JOSE`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default)]
    typ: Option<String>,
}

/// What was signed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The device that it is for, as `auth.session` tells it.
    pub aud: String,
    /// When it was signed, in seconds since 1970.
    pub iat: u64,
    /// When it ends, in seconds since 1970; at most [`LONGEST_LIFE`] after `iat`.
    pub exp: u64,
    /// A name that no other command has: [`SHORTEST_JTI`] to [`LONGEST_JTI`] letters, digits, `-` and `_`.
    pub jti: String,
    /// Higher than that of every earlier command of this key in this join.
    pub seq: u64,
    /// The key's name, the same as in the header.
    pub kid: String,
    /// The join that it is for, as `auth.session` tells it.
    pub sid: String,
    /// The device's nonce, as `auth.session` tells it: needed while the device does not trust its clock.
    #[serde(default)]
    pub nonce: Option<String>,
    /// What to do.
    method: String,
    /// With what.
    #[serde(default)]
    params: Option<Box<RawValue>>,
    /// The confirmation that a first attempt was answered with.
    #[serde(default)]
    confirm: Option<String>,
}

/// An envelope, opened and not yet believed.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The bytes that are signed.
    pub message: &'a [u8],
    /// Their signature.
    pub signature: [u8; SIGNATURE],
    /// Name of the key, in the header; the claims name the same.
    pub kid: String,
    claims: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Opens the envelope as far as the signature can be checked. The claims are read by [`claims`](Self::claims) when it is good.
    ///
    /// # Errors
    /// [`Code::BadSignature`], naming the part.
    pub fn open(jws: &'a str) -> Result<Self, Refusal> {
        let mut parts = jws.split('.');
        let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(bad("three parts with dots between them make a JWS"));
        };
        let message = &jws.as_bytes()[..header.len() + 1 + claims.len()];
        let header: Header = object("header", &decode("header", header)?)?;
        if header.alg != "EdDSA" && header.alg != "Ed25519" {
            return Err(bad("header: `alg` is not EdDSA"));
        }
        if !matches!(header.typ.as_deref(), None | Some("JWT" | "JOSE")) {
            return Err(bad("header: `typ` is not JWT"));
        }
        let signature = decode("signature", signature)?;
        let signature = signature.try_into().map_err(|_| bad("signature: is not 64 bytes long"))?;
        Ok(Self { message, signature, kid: header.kid, claims: decode("claims", claims)? })
    }

    /// What was signed. To be called when the signature has been checked, so that nobody without a key makes us read more.
    ///
    /// # Errors
    /// [`Code::BadSignature`], naming the claim.
    pub fn claims(&self) -> Result<Claims, Refusal> {
        let claims: Claims = object("claims", &self.claims)?;
        if claims.kid != self.kid {
            return Err(bad("header and claims name two keys"));
        }
        let letters = |text: &str| text.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'));
        if !(SHORTEST_JTI..=LONGEST_JTI).contains(&claims.jti.len()) || !letters(&claims.jti) {
            return Err(bad("claims: `jti` is not 22 to 64 letters, digits, `-` and `_`"));
        }
        if claims.exp <= claims.iat || claims.exp - claims.iat > LONGEST_LIFE {
            return Err(bad("claims: `exp` is not 1 to 60 s after `iat`"));
        }
        Ok(claims)
    }
}

impl Claims {
    /// The command, in place of the request `outer` that it came in: answered under the same id.
    ///
    /// # Errors
    /// [`Code::MethodNotFound`]; [`Code::BadSignature`] for an envelope in an envelope.
    pub fn into_request(self, outer: Request) -> Result<Request, Refusal> {
        let method = Method::from_name(&self.method)?;
        if method == Method::RpcSigned {
            return Err(bad("claims: an envelope holds no other"));
        }
        Ok(outer.carrying(method, self.params, self.confirm))
    }
}

fn bad(why: impl Into<String>) -> Refusal {
    Refusal::new(Code::BadSignature, why)
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64.decode(text).map_err(|_| bad(format!("{part}: is not base64url without padding")))
}

fn object<'de, T: Deserialize<'de>>(part: &str, bytes: &'de [u8]) -> Result<T, Refusal> {
    // serde would take a list for the members in order.
    if !bytes.starts_with(b"{") {
        return Err(bad(format!("{part}: is no JSON object")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let known = fields::of::<T>().join(", ");
        bad(format!("{part}: {}; the members are {known}", without_position(&error)))
    })
}
