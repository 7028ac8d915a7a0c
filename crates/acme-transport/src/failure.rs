//! What ureq and rustls report, as a [`TransportError`] that a person understands.

use std::io;

use acme_account::{TransportError, TransportErrorKind};
use http::Uri;
use rustls::CertificateError;
use ureq::Error;

use crate::phase::NotSent;

/// The error of a request to `uri`.
pub(crate) fn explain(uri: &Uri, error: Error) -> TransportError {
    let place = uri.authority().map_or_else(|| uri.to_string(), |authority| authority.to_string());
    match error {
        Error::Other(inner) => match inner.downcast::<NotSent>() {
            Ok(not_sent) => before_sending(uri, &place, not_sent.innermost()),
            Err(other) => new(TransportErrorKind::Broken, &place, &other.to_string()),
        },
        Error::RequireHttpsOnly(_) => {
            new(TransportErrorKind::Url, &uri.to_string(), "ACME is spoken over https:// only (RFC 8555 §6.1)")
        }
        Error::BadUri(why) => new(TransportErrorKind::Url, &uri.to_string(), &why),
        Error::Http(why) => new(TransportErrorKind::Url, &uri.to_string(), &why.to_string()),
        Error::Timeout(_) => {
            new(TransportErrorKind::Timeout, &place, "the connection stood, but the answer did not come")
        }
        Error::BodyExceedsLimit(limit) => {
            new(TransportErrorKind::TooLarge, &place, &format!("more than {limit} octets of body"))
        }
        Error::LargeResponseHeader(_, limit) => {
            new(TransportErrorKind::TooLarge, &place, &format!("more than {limit} octets of header"))
        }
        Error::Protocol(why) => {
            new(TransportErrorKind::Broken, &place, &format!("the answer is not HTTP as it should be: {why}"))
        }
        Error::Io(why) if is_end(&why) => {
            new(TransportErrorKind::Broken, &place, "the server closed it without a whole answer")
        }
        Error::Io(why) => new(TransportErrorKind::Broken, &place, &why.to_string()),
        other => new(TransportErrorKind::Broken, &place, &other.to_string()),
    }
}

fn new(kind: TransportErrorKind, place: &str, why: &str) -> TransportError {
    TransportError::new(kind, format!("{place}: {why}"))
}

fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn before_sending(uri: &Uri, place: &str, error: NotSent) -> TransportError {
    match error {
        NotSent::Resolve(Error::Timeout(_)) => {
            new(TransportErrorKind::Resolve, place, "the name servers did not answer in time")
        }
        NotSent::Resolve(Error::Io(why)) => new(TransportErrorKind::Resolve, place, &why.to_string()),
        NotSent::Resolve(Error::BadUri(why)) => new(TransportErrorKind::Url, &uri.to_string(), &why),
        NotSent::Resolve(other) => new(TransportErrorKind::Resolve, place, &other.to_string()),
        NotSent::Connect(error) => connecting(uri, place, error),
    }
}

fn connecting(uri: &Uri, place: &str, error: Error) -> TransportError {
    let refused = |why: &str| new(TransportErrorKind::Connect, place, why);
    match error {
        Error::Timeout(_) => refused("it did not answer in time"),
        Error::ConnectProxyFailed(why) => refused(&format!("the proxy refused: {why}")),
        Error::Rustls(why) => tls(uri, place, why),
        Error::Tls(why) => new(TransportErrorKind::Tls, place, why),
        Error::Io(why) => match why.downcast::<rustls::Error>() {
            Ok(why) => tls(uri, place, why),
            Err(why) if is_end(&why) => {
                new(TransportErrorKind::Tls, place, "the server closed the connection during the TLS handshake")
            }
            Err(why) => refused(&why.to_string()),
        },
        other => refused(&other.to_string()),
    }
}

fn tls(uri: &Uri, place: &str, error: rustls::Error) -> TransportError {
    let host = uri.host().unwrap_or_default();
    let why = match &error {
        rustls::Error::InvalidCertificate(why) => certificate(host, why),
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS".to_owned(),
        other => other.to_string(),
    };
    TransportError::with_source(TransportErrorKind::Tls, format!("{place}: {why}"), error)
}

fn certificate(host: &str, why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "no CA that is trusted here signed its certificate; if that CA is to be trusted, add its root certificate"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "the CA that signed its certificate has the name of a trusted one, but another key; if that CA is to be \
             trusted, add its root certificate"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is not for {host} ({why})")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("its certificate has expired, or the clock of this computer is wrong ({why})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("its certificate is not valid yet, or the clock of this computer is wrong ({why})")
        }
        other => format!("its certificate is not accepted: {other}"),
    }
}
