//! What an account does, as errors name it.

use std::fmt;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reading the directory (RFC 8555 §7.1.1).
    Directory,
    /// Asking for a nonce (§7.2).
    NewNonce,
    /// Making or finding an account (§7.3).
    NewAccount,
    /// Placing an order (§7.4).
    NewOrder,
    /// Authorizing before an order (§7.4.1).
    NewAuthz,
    /// Reading an order (§7.4).
    Order,
    /// Reading an authorization (§7.5).
    Authorization,
    /// Answering a challenge (§7.5.1).
    Challenge,
    /// Sending the request for the certificate (§7.4).
    Finalize,
    /// Downloading the certificate (§7.4.2).
    Certificate,
    /// Reading or changing the account (§7.3.2 to §7.3.6).
    Account,
    /// Changing the account key (§7.3.5).
    KeyChange,
    /// Listing orders or delegations (§7.1.2.1, RFC 9115 §2.3.1).
    List,
    /// Revoking a certificate (§7.6).
    RevokeCert,
    /// Reading renewal information (RFC 9773 §4.1).
    RenewalInfo,
    /// Any other signed request.
    Step,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "cannot read the CA's directory",
            Self::NewNonce => "cannot get a nonce",
            Self::NewAccount => "cannot register the account",
            Self::NewOrder => "cannot place the order",
            Self::NewAuthz => "cannot ask for an authorization",
            Self::Order => "cannot complete the order",
            Self::Authorization => "cannot read the authorization",
            Self::Challenge => "cannot answer the challenge",
            Self::Finalize => "cannot send the request for the certificate",
            Self::Certificate => "cannot download the certificate",
            Self::Account => "cannot read or change the account",
            Self::KeyChange => "cannot change the account key",
            Self::List => "cannot read the list",
            Self::RevokeCert => "cannot revoke the certificate",
            Self::RenewalInfo => "cannot read the renewal information",
            Self::Step => "the request did not succeed",
        })
    }
}
