//! The certificate a new order replaces (RFC 9773 §5).

use serde::{Deserialize, Serialize};

use crate::{Directory, Identifier};

/// What must be known of a certificate to say that a new order replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Predecessor {
    /// Its name in renewal information: acme-x509's `certificate_id`.
    pub certificate_id: String,
    /// The directory of the CA that issued it.
    pub directory_url: String,
    /// The account it was issued to.
    pub account_url: String,
    /// What it is for.
    pub identifiers: Vec<Identifier>,
}

impl Predecessor {
    /// The `replaces` of a new order, where a CA would take it: it offers renewal information, issued the certificate to
    /// this same account, and the two have an identifier in common. Elsewhere it makes newOrder fail.
    pub fn replaces(
        &self,
        directory: &Directory,
        directory_url: &str,
        account_url: &str,
        identifiers: &[Identifier],
    ) -> Option<String> {
        let same_ca = directory.renewal_info.is_some() && self.directory_url == directory_url;
        let in_common = self.identifiers.iter().any(|mine| identifiers.contains(mine));
        (same_ca && self.account_url == account_url && in_common).then(|| self.certificate_id.clone())
    }
}
