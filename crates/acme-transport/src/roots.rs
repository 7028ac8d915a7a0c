//! Whom to trust: the roots of the platform, and roots given as PEM.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

/// The roots to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Those of the platform; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    #[default]
    Platform,
    /// None: only those that are added.
    None,
}

/// Why roots cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootsError {
    /// There is no certificate in the text.
    #[error("no CA certificate found: {found}; give a PEM file with -----BEGIN CERTIFICATE-----")]
    NoCertificate {
        /// What is there instead.
        found: String,
    },
    /// A block is cut off or not base64.
    #[error("the PEM text is damaged: {0}")]
    Damaged(rustls::pki_types::pem::Error),
    /// A block says it is a certificate, but cannot be read as one.
    #[error("certificate {number} of the PEM text cannot be read: {source}")]
    NotACertificate {
        /// Which one, from 1.
        number: usize,
        /// What rustls said.
        source: rustls::Error,
    },
    /// No root at all.
    #[error("no CA certificates to trust{}", .0.as_ref().map(|why| format!(" ({why})")).unwrap_or_default())]
    Nothing(Option<rustls_native_certs::Error>),
}

/// The certificates of a PEM text, each readable as a root. Blocks of other kinds are passed over.
pub(crate) fn from_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, RootsError> {
    let roots = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>().map_err(RootsError::Damaged)?;
    if roots.is_empty() {
        return Err(RootsError::NoCertificate { found: describe(text) });
    }
    let mut store = RootCertStore::empty();
    for (index, root) in roots.iter().enumerate() {
        store.add(root.clone()).map_err(|source| RootsError::NotACertificate { number: index + 1, source })?;
    }
    Ok(roots)
}

/// The roots of the platform. Single broken files there do not matter as long as any root is found.
pub(crate) fn of_platform() -> Result<Vec<CertificateDer<'static>>, RootsError> {
    let mut found = rustls_native_certs::load_native_certs();
    match found.certs.is_empty() {
        true => Err(RootsError::Nothing(found.errors.pop())),
        false => Ok(found.certs),
    }
}

/// The roots of the platform, as DER. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
///
/// # Errors
/// When there are none.
pub fn platform_roots() -> Result<Vec<Vec<u8>>, RootsError> {
    Ok(of_platform()?.iter().map(|root| root.to_vec()).collect())
}

/// What a text without certificates is.
fn describe(text: &[u8]) -> String {
    let lossy = String::from_utf8_lossy(text);
    let labels: Vec<_> =
        lossy.lines().filter_map(|line| line.strip_prefix("-----BEGIN ")?.trim_end().strip_suffix("-----")).collect();
    match text {
        _ if !labels.is_empty() => format!("it holds {labels:?}"),
        [] => "it is empty".to_owned(),
        [0x30, 0x81..=0x84, ..] => "it is binary DER (openssl x509 -inform der turns it into PEM)".to_owned(),
        _ => "it holds no PEM block".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_certificates_is_named() {
        for (why, text, found) in [
            ("an empty file", &b""[..], "it is empty"),
            ("prose", b"hello", "no PEM block"),
            ("DER as it comes from a browser", b"\x30\x82\x01\x0a", "DER"),
            (
                "the key in place of the certificate",
                b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "PRIVATE KEY",
            ),
            (
                "OpenSSL's own form",
                b"-----BEGIN TRUSTED CERTIFICATE-----\r\nAAAA\r\n-----END TRUSTED CERTIFICATE-----\r\n",
                "\"TRUSTED CERTIFICATE\"",
            ),
        ] {
            let error = from_pem(text).unwrap_err();
            assert!(matches!(error, RootsError::NoCertificate { .. }), "{why}: {error:?}");
            assert!(error.to_string().contains(found), "{why}: {error}");
        }
    }

    #[test]
    fn damaged_certificates_are_refused() {
        for (why, text, message) in [
            ("cut off", "-----BEGIN CERTIFICATE-----\nAAAA\n", "damaged"),
            ("not base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "damaged"),
            (
                "base64 of something else",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "certificate 1 ",
            ),
        ] {
            let error = from_pem(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(message), "{why}: {error}");
        }
    }
}
