//! The key of a certificate and the request made with it, or a request that was made elsewhere.

use std::path::Path;

use acme_jose::{PrivateKey, Zeroizing};
use acme_proto::Identifier;
use acme_x509::{Csr, CsrError, Name};

use crate::certificate_store::CertificateStore;
use crate::failure::Failure;
use crate::request_settings::RequestSettings;
use crate::revoked::is_revoked;
use crate::state::{new_key, parse_key};

/// What is certified.
pub(crate) enum RequestKey {
    /// A key of ours, with its PEM text.
    Own(PrivateKey, Zeroizing<String>),
    /// A key that we never see, by the request made with it.
    Elsewhere(Csr),
}

/// What is sent to the CA, and the key it was made with if that is here.
pub(crate) struct CertificateRequest {
    pub(crate) csr: Csr,
    pub(crate) key_pem: Option<Zeroizing<String>>,
}

impl RequestKey {
    /// What the settings say. A key of ours is that of the unfinished run, else that of the certificate before if it is to be
    /// kept, else a new one; it is stored before the CA hears of it.
    pub(crate) fn new(store: &CertificateStore, settings: &RequestSettings) -> Result<Self, Failure> {
        if let Some(path) = &settings.csr {
            return read_csr(path).map(Self::Elsewhere);
        }
        if let Some(pem) = store.pending_key()? {
            return Ok(Self::Own(parse_key(&store.pending_key_file(), &pem)?, pem));
        }
        let (key, pem) = match kept_key(store, settings)? {
            Some(kept) => kept,
            None => new_key(settings.key_type)?,
        };
        store.keep_pending_key(&pem)?;
        Ok(Self::Own(key, pem))
    }

    /// The request for these names.
    pub(crate) fn request(self, identifiers: &[Identifier]) -> Result<CertificateRequest, Failure> {
        match self {
            Self::Elsewhere(csr) => Ok(CertificateRequest { csr, key_pem: None }),
            Self::Own(key, pem) => {
                let names: Vec<_> = identifiers.iter().map(|name| Name::parse(&name.value())).collect();
                let csr = Csr::new(&key, &names).map_err(|error| {
                    let what = format!("cannot ask for a certificate for these names: {error}");
                    Failure::usage(what, "leave out what it names")
                })?;
                Ok(CertificateRequest { csr, key_pem: Some(pem) })
            }
        }
    }
}

/// The key of the certificate before, if it is to be kept and is of the kind that is asked for. Not that of one that was revoked:
/// it may be in other hands.
fn kept_key(
    store: &CertificateStore,
    settings: &RequestSettings,
) -> Result<Option<(PrivateKey, Zeroizing<String>)>, Failure> {
    let before = store.settings()?;
    if !settings.reuse_key || before.is_none_or(|before| before.key_type != settings.key_type) {
        return Ok(None);
    }
    if let Some(chain) = store.current()?
        && is_revoked(store.folder(), chain.leaf())?
    {
        return Ok(None);
    }
    let Some(pem) = store.current_key()? else { return Ok(None) };
    Ok(Some((parse_key(&store.live().privkey, &pem)?, pem)))
}

/// The request in a file, PEM or DER.
pub(crate) fn read_csr(path: &Path) -> Result<Csr, Failure> {
    let octets = std::fs::read(path).map_err(|error| Failure::file("read the request", path, error))?;
    parse_csr(&octets).map_err(|error| {
        Failure::usage(
            format!("{} cannot be used: {error}", path.display()),
            "give a PKCS#10 request, PEM or DER, with its names as subject alternative names",
        )
    })
}

/// DER begins with the tag of a SEQUENCE, which no PEM text does.
fn parse_csr(octets: &[u8]) -> Result<Csr, CsrError> {
    match octets.first() {
        Some(0x30) => Csr::from_der(octets),
        _ => Csr::from_pem(octets),
    }
}
