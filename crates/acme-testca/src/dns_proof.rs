//! The proofs that stand in TXT records: dns-01 (RFC 8555 §8.4), dns-account-01, dns-persist-01.

use std::time::UNIX_EPOCH;

use acme_jose::base64url;
use sha2::{Digest as _, Sha256};

use crate::behaviour::Behaviour;
use crate::ca::{CAA_IDENTITY, Ca};
use crate::directory::ACCOUNT_HASH_PREFIX;
use crate::problem::{ErrorType, Problem};
use crate::validate::Task;

/// RFC 8555 §8.4
pub(crate) fn dns01(ca: &Ca, task: &Task) -> Result<(), Problem> {
    digest_at(ca, task, &format!("_acme-challenge.{}", task.identifier))
}

/// draft-ietf-acme-dns-account-label: the account is in the name.
pub(crate) fn dns_account01(ca: &Ca, task: &Task) -> Result<(), Problem> {
    let label = base32(&Sha256::digest(task.account_url.as_bytes())[..10]);
    digest_at(ca, task, &format!("_{label}._acme-challenge.{}", task.identifier))
}

/// One of the values must be the digest of the key authorization.
fn digest_at(ca: &Ca, task: &Task, name: &str) -> Result<(), Problem> {
    let expected = base64url::encode(&Sha256::digest(task.key_authorization()));
    let found = values(ca, name)?;
    if found.contains(&expected) {
        return Ok(());
    }
    let detail = format!("found the TXT records {found:?} at {name}, expected {expected:?} among them");
    Err(Problem::new(ErrorType::IncorrectResponse, detail))
}

/// draft-ietf-acme-dns-persist: a record that stays, with the account in its value.
pub(crate) fn dns_persist01(ca: &Ca, task: &Task) -> Result<(), Problem> {
    let name = format!("_validation-persist.{}", task.identifier);
    let found = values(ca, &name)?;
    let (accounts, now) = {
        let state = ca.lock();
        let now = state.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        (accounts(task, state.has(Behaviour::PersistHashed)), now)
    };
    if found.iter().any(|value| permits(value, &accounts, task.wildcard, now)) {
        return Ok(());
    }
    let detail =
        format!("found the TXT records {found:?} at {name}, none of which lets {accounts:?} have certificates");
    Err(Problem::unauthorized(detail))
}

fn values(ca: &Ca, name: &str) -> Result<Vec<String>, Problem> {
    let found = ca.lock().txt.values(name);
    if found.is_empty() {
        return Err(Problem::new(ErrorType::Dns, format!("no TXT record at {name}")));
    }
    Ok(found)
}

/// How a record may name the account: by its URL (draft 01), or by hashes of it (draft 02 §4.1).
fn accounts(task: &Task, hashed: bool) -> Vec<String> {
    if !hashed {
        return vec![task.account_url.clone()];
    }
    let hash = |domain: &str| {
        let length = u8::try_from(domain.len()).unwrap_or(u8::MAX);
        let text = format!("{domain}{}{}", task.thumbprint, task.account_url);
        let digest = Sha256::digest([&[length], text.as_bytes()].concat());
        format!("{ACCOUNT_HASH_PREFIX}sha-256/{}", base64url::encode(&digest))
    };
    vec![hash(&task.identifier.to_string()), hash("*")]
}

/// Whether an issue-value (RFC 8659 §4.2) is for this CA, one of the accounts, the wildcard if there is one, and today.
fn permits(value: &str, accounts: &[String], wildcard: bool, now: u64) -> bool {
    let mut parts = value.split(';').map(str::trim);
    if parts.next() != Some(CAA_IDENTITY) {
        return false;
    }
    let (mut account, mut for_wildcards, mut over) = (false, false, false);
    for part in parts {
        match part.split_once('=').map(|(tag, value)| (tag.trim().to_ascii_lowercase(), value.trim())) {
            Some((tag, value)) if tag == "accounturi" => account = accounts.iter().any(|known| known == value),
            Some((tag, value)) if tag == "policy" => for_wildcards = value.eq_ignore_ascii_case("wildcard"),
            Some((tag, value)) if tag == "persistuntil" => over = !value.parse().is_ok_and(|until: u64| now <= until),
            Some(_) => {}
            // Boulder refuses empty parameters.
            None => return false,
        }
    }
    account && !over && (for_wildcards || !wildcard)
}

/// RFC 4648 §6, in lower case and without padding, of a multiple of five octets.
fn base32(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let group = |five: &[u8]| five.iter().fold(0_u64, |all, octet| all << 8 | u64::from(*octet));
    let digit = |all: u64, index: u32| char::from(ALPHABET[(all >> (35 - 5 * index)) as usize & 31]);
    octets.chunks_exact(5).map(group).flat_map(|all| (0..8).map(move |index| digit(all, index))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_an_account_is_as_in_the_draft() {
        for (url, want) in [
            ("https://example.com/acme/acct/ExampleAccount", "ujmmovf2vn55tgye"),
            ("https://acme-v02.api.letsencrypt.org/acme/acct/1234567890", "rhuccyogo34zlvsj"),
        ] {
            assert_eq!(base32(&Sha256::digest(url)[..10]), want, "{url}");
        }
    }

    #[test]
    fn persistent_records_are_for_one_ca_one_account_and_a_time() {
        let account = "https://ca.example/1";
        for (why, value, wildcard, want) in [
            ("plain", "testca.invalid; accounturi=https://ca.example/1", false, true),
            ("for names only", "testca.invalid; accounturi=https://ca.example/1", true, false),
            ("for wildcards", "testca.invalid;accounturi=https://ca.example/1;policy=WILDCARD", true, true),
            ("not over", "testca.invalid; accounturi=https://ca.example/1; persistUntil=100", false, true),
            ("over", "testca.invalid; accounturi=https://ca.example/1; persistUntil=99", false, false),
            ("another CA", "ca.example; accounturi=https://ca.example/1", false, false),
            ("another account", "testca.invalid; accounturi=https://ca.example/2", false, false),
            ("no account", "testca.invalid", false, false),
            ("an empty parameter", "testca.invalid; accounturi=https://ca.example/1;", false, false),
        ] {
            assert_eq!(permits(value, &[account.to_string()], wildcard, 100), want, "{why}");
        }
    }
}
