//! The transport: each request once, over TLS that was verified.

use std::sync::Arc;
use std::time::Duration;

use acme_account::{Limits, Transport, TransportError};
use http::{HeaderValue, Request, Response, header};
use rustls::pki_types::CertificateDer;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::HttpsTransportBuilder;
use crate::failure::explain;
use crate::phase::{MarkedConnector, MarkedResolver};
use crate::proxy::Route;

/// A connection that nothing was asked on for so long is not used again: most servers close it after 60 seconds.
const MAX_IDLE: Duration = Duration::from_secs(45);

/// HTTPS as ACME needs it (RFC 8555 §6.1). Threads may share it.
#[derive(Debug)]
pub struct HttpsTransport {
    agent: Agent,
    headers: Headers,
    route: Option<Route>,
}

/// What every request carries.
#[derive(Debug)]
pub(crate) struct Headers {
    pub(crate) user_agent: HeaderValue,
    pub(crate) accept_language: HeaderValue,
}

impl HttpsTransport {
    /// The settings, each at its default.
    pub fn builder() -> HttpsTransportBuilder {
        HttpsTransportBuilder::default()
    }

    pub(crate) fn new(
        roots: &[CertificateDer<'static>],
        headers: Headers,
        route: Option<Route>,
        https_only: bool,
    ) -> Self {
        let config = Agent::config_builder()
            .tls_config(tls(roots))
            .https_only(https_only)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(headers.user_agent.to_str().unwrap_or_default())
            .max_idle_connections_per_host(1)
            .max_idle_age(MAX_IDLE)
            .build();
        let agent = Agent::with_parts(config, MarkedConnector::default(), MarkedResolver::default());
        Self { agent, headers, route }
    }

    fn run(&self, request: Request<Vec<u8>>, limits: Limits) -> Result<Response<Vec<u8>>, ureq::Error> {
        let proxy = self.route.as_ref().and_then(|route| route.to(request.uri().host()?));
        let request = self
            .agent
            .configure_request(request)
            .proxy(proxy)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .build();
        let response = match request.body().is_empty() && request.method() != http::Method::POST {
            // ureq gives every other body a Content-Length, even an empty one.
            true => self.agent.run(request.map(drop)),
            false => self.agent.run(request),
        }?;
        let (parts, body) = response.into_parts();
        let body = body.into_with_config().limit(limits.body as u64).read_to_vec()?;
        Ok(Response::from_parts(parts, body))
    }
}

impl Transport for HttpsTransport {
    /// Looking up the name may take `limits.connect` by itself.
    fn send(&self, mut request: Request<Vec<u8>>, limits: Limits) -> Result<Response<Vec<u8>>, TransportError> {
        let uri = request.uri().clone();
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, self.headers.user_agent.clone());
        headers.entry(header::ACCEPT_LANGUAGE).or_insert_with(|| self.headers.accept_language.clone());
        self.run(request, limits).map_err(|error| explain(&uri, error))
    }
}

/// TLS 1.2 and 1.3 by rustls and ring; no other provider, whatever else the program links.
fn tls(roots: &[CertificateDer<'static>]) -> TlsConfig {
    let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned());
    TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}
