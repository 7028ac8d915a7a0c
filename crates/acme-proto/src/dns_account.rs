//! dns-account-01: a TXT record below a label of one's own (draft-ietf-acme-dns-account-label-02).

use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};

/// How much of the hash the label carries, in octets: sixteen characters of base32.
const HASH_PREFIX: usize = 10;

/// The first label of the record: `_` and the start of the account URL's SHA-256 in base32, lower case
/// (draft-ietf-acme-dns-account-label-02 §3.2).
///
/// The URL must be exactly the one from the `Location` header of newAccount. It stays the same when the account
/// changes its key, and so does the label.
pub fn dns_account_label(account_url: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(account_url.as_bytes()).into();
    format!("_{}", BASE32_NOPAD.encode(&hash[..HASH_PREFIX]).to_ascii_lowercase())
}
