//! `luacme revoke`: a certificate is no longer to be trusted (RFC 8555 §7.6).

use std::fs;
use std::path::{Path, PathBuf};

use acme_account::Error;
use acme_jose::{PrivateKey, Signer as _};
use acme_proto::{ProblemType, RevocationReason};
use acme_x509::{Certificate, Chain};
use clap::Args;
use serde_json::json;

use crate::Done;
use crate::arguments::Shared;
use crate::certificate_store::stored_settings;
use crate::client;
use crate::failure::Failure;
use crate::files;
use crate::getcert::folder_name;
use crate::output::Output;
use crate::revoked;
use crate::server;
use crate::state::{State, parse_key};

/// Revoke a certificate
///
/// By the right of the account that obtained it, or of the certificate's own key. The files stay as they are; `luacme getcert` gets
/// a new certificate in its place.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  luacme revoke www.example.com --reason superseded
  luacme revoke stolen.pem --key stolen.key --reason keyCompromise")]
pub(crate) struct Revoke {
    /// The name of a certificate kept here, or a file with one
    #[arg(value_name = "NAME|FILE")]
    target: String,
    /// Revoke by the right of this key, the certificate's own
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Why, as a name or number of RFC 5280
    ///
    /// Such as keyCompromise (the key is in other hands), superseded (there is a newer one), cessationOfOperation (the name is no
    /// longer used), affiliationChanged.
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = reason)]
    reason: RevocationReason,
    /// Do not ask; nor does -n
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(shared: &Shared, verb: &Revoke, output: &Output) -> Result<Done, Failure> {
    let target = Target::find(&State::locate(shared)?.dir, &verb.target)?;
    let names: Vec<_> = target.leaf.names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let key = verb.key.as_deref().map(|path| target.own_key(path)).transpose()?;
    if !verb.yes && !shared.non_interactive {
        output.confirm(&format!("Revoke the certificate for {} ({})?", names.join(", "), verb.reason))?;
    }
    let already = match target.revoke(shared, verb, key, output) {
        Ok(()) => false,
        Err(Refused::AlreadyRevoked) => true,
        Err(Refused::Other(failure)) => return Err(failure),
    };
    revoked::mark_all(&State::locate(shared)?.dir, &target.leaf)?;
    let serial = hex(target.leaf.serial());
    let object = json!({
        "event": "revoked", "name": target.name, "names": names, "serial": serial, "reason": verb.reason.name(),
        "already": already,
    });
    let how = if already { "was revoked already" } else { "is revoked" };
    output.result(object, &format!("the certificate for {} {how} (serial {serial})", names.join(", ")));
    Ok(Done::Complete)
}

/// The reasons that a holder of a certificate can give (RFC 5280 §5.3.1).
fn reason(text: &str) -> Result<RevocationReason, String> {
    use RevocationReason::{AaCompromise, CaCompromise, RemoveFromCrl};
    match RevocationReason::parse(text).map_err(|error| error.to_string())? {
        refused @ (CaCompromise | AaCompromise | RemoveFromCrl) => Err(format!(
            "{refused} is for authorities to give, not for holders; take keyCompromise, superseded, cessationOfOperation or none"
        )),
        reason => Ok(reason),
    }
}

/// A certificate that is to be revoked.
struct Target {
    /// The name of its folder, when it is one that is kept here.
    name: Option<String>,
    /// The CA that it was asked of, if that is known.
    server: Option<String>,
    leaf: Certificate,
}

/// Why it is not revoked now.
enum Refused {
    AlreadyRevoked,
    Other(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Target {
    fn find(dir: &Path, target: &str) -> Result<Self, Failure> {
        let chain = match folder_name(Some(target), &[]) {
            Ok(name) => files::read(&dir.join("live").join(name).join("fullchain.pem"))?,
            Err(_) => None,
        };
        let unusable = |error: &dyn std::fmt::Display| {
            Failure::new(
                format!("{target} holds no certificate that can be read: {error}"),
                "give a file with a certificate, as PEM or DER",
            )
        };
        if let Some(text) = chain {
            let server = stored_settings(&dir.join("certs").join(target))?.map(|settings| settings.server);
            let leaf = Chain::from_pem(text).map_err(|error| unusable(&error))?.leaf().clone();
            return Ok(Self { name: Some(target.to_owned()), server, leaf });
        }
        if !Path::new(target).exists() {
            return Err(Failure::usage(
                format!("{target} is neither a certificate kept in {} nor a file", dir.display()),
                "give the name of a folder in live/, or a file with a certificate",
            ));
        }
        let content = fs::read(target).map_err(|error| Failure::file("read", Path::new(target), error))?;
        let leaf = match Chain::from_pem(&content) {
            Ok(chain) => chain.leaf().clone(),
            Err(error) => Certificate::from_der(&content).map_err(|_| unusable(&error))?,
        };
        Ok(Self { name: None, server: None, leaf })
    }

    /// The key in a file, if it is the certificate's.
    fn own_key(&self, path: &Path) -> Result<PrivateKey, Failure> {
        let Some(text) = files::read_secret(path)? else {
            return Err(Failure::usage(format!("there is no file {}", path.display()), "give the certificate's key"));
        };
        let key = parse_key(path, &text)?;
        match self.leaf.public_key() {
            Ok(public) if public == key.public_key() => Ok(key),
            _ => Err(Failure::usage(
                format!("the key in {} is not that of the certificate", path.display()),
                "give the certificate's own key, or leave --key out to revoke by the right of the account",
            )),
        }
    }

    fn revoke(&self, shared: &Shared, verb: &Revoke, key: Option<PrivateKey>, output: &Output) -> Result<(), Refused> {
        let outcome = match key {
            Some(key) => {
                let account = match (server::asked(shared)?, &self.server) {
                    (None, Some(server)) => client::anonymous(shared, server, output)?,
                    _ => client::without_account(shared, output)?,
                };
                account.revoke_with_certificate_key(&key, self.leaf.der(), verb.reason)
            }
            None => {
                let state = self
                    .name
                    .as_ref()
                    .map_or_else(|| State::locate(shared), |name| State::for_certificate(shared, name))?;
                let account = client::stored(shared, &state, output)?.ok_or_else(|| {
                    let none = state.no_account();
                    Failure { todo: "register, or give the certificate's own key with --key".to_owned(), ..none }
                })?;
                account.revoke(self.leaf.der(), verb.reason)
            }
        };
        outcome.map_err(|error| self.refused(error, verb))
    }

    fn refused(&self, error: Error, verb: &Revoke) -> Refused {
        let todo = match error.refusal().map(|refusal| (&refusal.problem.kind, refusal.status)) {
            Some((ProblemType::AlreadyRevoked, _)) => return Refused::AlreadyRevoked,
            Some((ProblemType::BadRevocationReason, _)) => {
                "this CA does not take that reason: give superseded, cessationOfOperation, keyCompromise or none at all"
            }
            Some((ProblemType::Unauthorized, _)) if verb.key.is_none() => {
                "revoke by the right of the certificate's own key: --key FILE"
            }
            Some((ProblemType::Unauthorized, _)) => "revoke by the right of the account: leave --key out",
            Some((ProblemType::Malformed, _) | (_, 404)) => {
                "check --server: it must be the CA that issued the certificate"
            }
            _ => return Refused::Other(error.into()),
        };
        Refused::Other(Failure { todo: todo.to_owned(), ..error.into() })
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_holders() {
        for (why, text, want) in [
            ("a name in any case", "KEYCOMPROMISE", Ok(RevocationReason::KeyCompromise)),
            ("a number", "4", Ok(RevocationReason::Superseded)),
            ("the authority's own", "cACompromise", Err("for authorities")),
            ("of delta lists alone", "8", Err("for authorities")),
            ("not in use", "7", Err("not a reason")),
            ("made up", "lost", Err("not a reason")),
        ] {
            match (reason(text), want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want, "{why}"),
                (Err(found), Err(want)) => assert!(found.contains(want), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }
}
