//! What an [`HttpsTransport`] is made of.

use http::HeaderValue;
use rustls::pki_types::CertificateDer;
use thiserror::Error;

use crate::proxy::{Proxy, Route};
use crate::roots::{self, Roots, RootsError};
use crate::{HttpsTransport, https};

/// The name and version of this crate and of the HTTP library (RFC 8555 §6.1).
const PRODUCT: &str = concat!("acme-transport/", env!("CARGO_PKG_VERSION"), " ureq/3");

/// Settings of an [`HttpsTransport`]. Each has a default.
#[derive(Clone, Debug)]
pub struct HttpsTransportBuilder {
    roots: Roots,
    added: Vec<CertificateDer<'static>>,
    user_agent: Option<String>,
    accept_language: String,
    proxy: Proxy,
    plain_http: bool,
}

impl Default for HttpsTransportBuilder {
    fn default() -> Self {
        Self {
            roots: Roots::default(),
            added: Vec::new(),
            user_agent: None,
            accept_language: "en".to_owned(),
            proxy: Proxy::default(),
            plain_http: false,
        }
    }
}

impl HttpsTransportBuilder {
    /// The roots to begin with; those of the platform unless set.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Trusts the certificates of a PEM file too: bytes, or text.
    ///
    /// # Errors
    /// When no certificate is there, naming what is, or one cannot be read.
    pub fn add_root_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, RootsError> {
        self.added.append(&mut roots::from_pem(pem.as_ref())?);
        Ok(self)
    }

    /// The program's own name and version, such as `luacme/0.1.0`, to stand first in the `User-Agent` (RFC 8555 §6.1).
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// The languages that problem texts are wanted in, as in `de, en;q=0.5` (RFC 8555 §6.1); `en` unless set.
    pub fn accept_language(mut self, languages: impl Into<String>) -> Self {
        self.accept_language = languages.into();
        self
    }

    /// How to reach the CA; as the environment says unless set.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Takes `http://` URLs too: for other services than CAs, on a network that can be trusted. ACME is spoken over HTTPS alone
    /// (RFC 8555 §6.1).
    pub fn also_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Makes the transport. It connects with the first request, not here.
    ///
    /// # Errors
    /// When there is no root to trust, or a setting cannot be used.
    pub fn build(self) -> Result<HttpsTransport, BuildError> {
        let product = self.user_agent.iter().map(String::as_str).chain([PRODUCT]).collect::<Vec<_>>().join(" ");
        let headers = https::Headers { user_agent: header(&product)?, accept_language: header(&self.accept_language)? };
        let route = Route::new(&self.proxy, |name| std::env::var(name).ok()).map_err(|why| BuildError::Proxy(why.0))?;
        Ok(HttpsTransport::new(&all_roots(self.roots, self.added)?, headers, route, !self.plain_http))
    }
}

/// A computer without roots of its own is fine when others are added.
fn all_roots(
    roots: Roots,
    mut added: Vec<CertificateDer<'static>>,
) -> Result<Vec<CertificateDer<'static>>, RootsError> {
    match roots {
        Roots::None if added.is_empty() => Err(RootsError::Nothing(None)),
        Roots::None => Ok(added),
        Roots::Platform => match roots::of_platform() {
            Ok(mut platform) => {
                platform.append(&mut added);
                Ok(platform)
            }
            Err(why) if added.is_empty() => Err(why),
            Err(_) => Ok(added),
        },
    }
}

fn header(value: &str) -> Result<HeaderValue, BuildError> {
    HeaderValue::from_str(value).map_err(|_| BuildError::Header(value.to_owned()))
}

/// Why a transport cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is nobody to trust.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// A text that no header can hold.
    #[error("{0:?} cannot stand in a header")]
    Header(String),
    /// A proxy that cannot be used.
    #[error("{0}")]
    Proxy(String),
}
