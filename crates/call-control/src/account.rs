//! User name and password at the broker, in both generations of the vendor's rule, and plain.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{ClientId, Secret};

/// What the password is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordRule {
    /// Signature of the whole client id; the user name names rule, key and instance. The vendor's present rule.
    #[default]
    ClientId,
    /// Signature of the group alone; the user name is the access key. The rule of 2017 to 2019.
    GroupId,
    /// The secret itself, for brokers that have their own passwords.
    Secret,
}

/// What a client shows to be let in. `Debug` does not show the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

impl Account {
    /// The account of `client` under an access key; `instance` is the broker's, which only [`PasswordRule::ClientId`] asks for.
    pub fn new(rule: PasswordRule, client: &ClientId, access_key: &str, secret: &Secret, instance: &str) -> Self {
        match rule {
            PasswordRule::ClientId => {
                Self { user: format!("Signature|{access_key}|{instance}"), password: sign(secret, client.as_str()) }
            }
            PasswordRule::GroupId => Self { user: access_key.to_owned(), password: sign(secret, client.group()) },
            PasswordRule::Secret => Self { user: access_key.to_owned(), password: secret.clone() },
        }
    }
}

/// Whether `password` is that of `client` by either generation of the vendor's rule, for whoever lets in by the broker's accounts.
pub fn is_password_of(client: &ClientId, secret: &Secret, password: &str) -> bool {
    let by = |text: &str| {
        let expected = sign(secret, text);
        constant_time::verify_slices_are_equal(expected.expose().as_bytes(), password.as_bytes()).is_ok()
    };
    // Both are looked at, so that time does not tell which it was.
    by(client.as_str()) | by(client.group())
}

/// Base64 of HMAC-SHA1. The vendor's choice: as a keyed hash SHA-1 is unbroken.
fn sign(secret: &Secret, text: &str) -> Secret {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.expose().as_bytes());
    Secret::new(STANDARD.encode(hmac::sign(&key, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(rule: PasswordRule) -> Account {
        let client = ClientId::new("GID_Test", "0001").unwrap();
        Account::new(rule, &client, "AK", &Secret::new("XXXXX"), "post-cn-0001")
    }

    #[test]
    fn both_generations_make_the_documented_passwords() {
        let now = account(PasswordRule::ClientId);
        assert_eq!((now.user.as_str(), now.password.expose()), ("Signature|AK|post-cn-0001", "vI009IZJZVGRwBwZvnbwjfuXxVM="));
        let then = account(PasswordRule::GroupId);
        assert_eq!((then.user.as_str(), then.password.expose()), ("AK", "YRcXymreNmJUfwB8142smvKH8zE="));
        assert_eq!(account(PasswordRule::Secret).password.expose(), "XXXXX");
    }

    #[test]
    fn passwords_of_both_generations_are_known_and_others_are_not() {
        let (client, secret) = (ClientId::new("GID_Test", "0001").unwrap(), Secret::new("XXXXX"));
        for password in ["vI009IZJZVGRwBwZvnbwjfuXxVM=", "YRcXymreNmJUfwB8142smvKH8zE="] {
            assert!(is_password_of(&client, &secret, password));
            assert!(!is_password_of(&client, &Secret::new("XXXXY"), password));
            assert!(!is_password_of(&ClientId::new("GID_Tess", "0001").unwrap(), &secret, password));
        }
        assert!(!is_password_of(&client, &secret, "") && !is_password_of(&client, &secret, "XXXXX"));
    }

    #[test]
    fn passwords_do_not_show() {
        let shown = format!("{:?}", account(PasswordRule::ClientId));
        assert!(!shown.contains("vI009") && shown.contains("Signature|AK"), "{shown}");
    }
}
