//! ACME renewal information: how a certificate is named in its URLs (RFC 9773).

use acme_jose::base64url;

use crate::{Certificate, CertificateError};

/// The identifier of a certificate (RFC 9773 §4.1): the `keyIdentifier` of its authority key identifier, a dot, and
/// the content octets of its serial number, both as base64url.
///
/// # Errors
/// [`CertificateError::NoKeyIdentifier`] when the certificate has none: then there is no renewal information for it.
pub fn certificate_id(certificate: &Certificate) -> Result<String, CertificateError> {
    let key_id = certificate.authority_key_id()?.ok_or(CertificateError::NoKeyIdentifier)?;
    Ok(format!("{}.{}", base64url::encode(&key_id), base64url::encode(certificate.serial())))
}
