//! Which of the chains that a CA offers is stored (RFC 8555 §7.4.2).

use acme_x509::{Certificate, Chain, ChainPreference};

use crate::failure::Failure;
use crate::issuance::Issuance;

/// The chain that the settings prefer. Without one, or when the others cannot be had, the one that is there already.
pub(crate) fn preferred(issuance: &Issuance<'_>, order_url: &str, first: String) -> Result<String, Failure> {
    let Some(wanted) = &issuance.settings.preferred_chain else { return Ok(first) };
    let offered =
        issuance.account.order(order_url).and_then(|placed| issuance.account.download_all(placed.certificate_url()?));
    let chains: Vec<_> = match offered {
        Ok(texts) => texts.iter().filter_map(|text| Chain::from_pem(text).ok()).collect(),
        Err(error) => {
            issuance
                .output
                .warn(&format!("the CA's other chains cannot be had: {error}"), "nothing: its first one is taken");
            return Ok(first);
        }
    };
    match preference(wanted).choose(&chains, &known_roots(issuance)) {
        Some(chain) => Ok(chain.to_pem()),
        None => {
            let ends: Vec<_> = chains.iter().map(|chain| format!("{:?}", chain.last().issuer())).collect();
            issuance.output.warn(
                &format!("the CA has no chain that ends in {wanted:?}, but {}", ends.join(", ")),
                "nothing: its first one is taken; --preferred-chain chooses another",
            );
            Ok(first)
        }
    }
}

/// A fingerprint of 32 octets in hexadecimal, perhaps with colons, else the name of an issuer.
fn preference(text: &str) -> ChainPreference {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let octets: Option<Vec<u8>> = match digits.len() == 64 && digits.is_ascii() {
        true => (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect(),
        false => None,
    };
    match octets.and_then(|octets| octets.try_into().ok()) {
        Some(fingerprint) => ChainPreference::RootFingerprint(fingerprint),
        None => ChainPreference::IssuerName(text.to_owned()),
    }
}

/// The roots of `--ca-file`, and those of the platform: chains rarely hold them.
fn known_roots(issuance: &Issuance<'_>) -> Vec<Certificate> {
    let given = issuance.shared.ca_file.as_ref().and_then(|path| std::fs::read(path).ok());
    let given = given.and_then(|pem| Chain::from_pem(pem).ok());
    let given: Vec<_> = given.iter().flat_map(Chain::certificates).cloned().collect();
    let platform = acme_transport::platform_roots().unwrap_or_default();
    given.into_iter().chain(platform.iter().filter_map(|der| Certificate::from_der(der).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_told_from_names() {
        let colons = ["ab"; 32].join(":");
        for (why, text, fingerprint) in [
            ("a fingerprint", "AB".repeat(32).as_str(), true),
            ("as openssl prints it", colons.as_str(), true),
            ("a name", "ISRG Root X1", false),
            ("too short", "abcd", false),
            ("no digits", "x".repeat(64).as_str(), false),
            ("not ASCII", "é".repeat(32).as_str(), false),
        ] {
            let found = preference(text);
            assert_eq!(found == ChainPreference::RootFingerprint([0xab; 32]), fingerprint, "{why}");
            assert_eq!(matches!(found, ChainPreference::IssuerName(_)), !fingerprint, "{why}");
        }
    }
}
