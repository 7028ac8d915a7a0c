//! A handshake with a CA, and nothing after it (RFC 8737 §4).

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::ResolvesServerCert;
use rustls::{ServerConfig, ServerConnection};

use super::ACME_TLS_1;
use crate::listener::{Conversation, Stream};

/// What a server needs that shows these certificates and speaks nothing but `acme-tls/1`, over TLS 1.2 or 1.3.
pub(super) fn config(certificates: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_cert_resolver(certificates);
    config.alpn_protocols = vec![ACME_TLS_1.to_vec()];
    // Nobody comes back to go on with a session.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(Arc::new(config))
}

pub(super) struct Handshake(ServerConnection);

impl Handshake {
    pub(super) fn new(config: Arc<ServerConfig>) -> io::Result<Self> {
        ServerConnection::new(config).map(Self).map_err(io::Error::other)
    }

    fn send(&mut self, stream: &mut dyn Stream) -> io::Result<()> {
        while self.0.wants_write() {
            self.0.write_tls(stream)?;
        }
        Ok(())
    }
}

impl Conversation for Handshake {
    fn go_on(&mut self, stream: &mut dyn Stream) -> io::Result<()> {
        self.send(stream)?;
        while self.0.is_handshaking() {
            if self.0.read_tls(stream)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let outcome = self.0.process_new_packets();
            // Also the alert that says why not.
            self.send(stream)?;
            outcome.map_err(io::Error::other)?;
        }
        self.0.send_close_notify();
        self.send(stream)
    }
}
