//! A look at what a server shows to a CA.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use acme_proto::TlsAlpn01;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::ACME_TLS_1;
use crate::Look;
use crate::deadline::Deadline;
use crate::sight::Sight;

/// One look takes at most this long.
const TOTAL: Duration = Duration::from_secs(10);

/// Whether the server at an address shows this very certificate to whoever asks as a CA does.
pub(super) fn look(address: SocketAddr, proof: &TlsAlpn01, certificate: &CertificateDer<'_>) -> Sight {
    match look_within(TOTAL, address, proof, certificate) {
        Look::Right => Sight::Right,
        Look::Silent(why) => Sight::Unclear(format!("{address} cannot be reached from here: {why}")),
        Look::Wrong(why) | Look::Redirect(why) => Sight::Wrong(why),
    }
}

/// The same in another time.
pub(super) fn look_within(
    time: Duration,
    address: SocketAddr,
    proof: &TlsAlpn01,
    certificate: &CertificateDer<'_>,
) -> Look {
    match handshake(time, address, &proof.server_name) {
        Ok(seen) if seen.alpn != ACME_TLS_1 => Look::Wrong("it does not speak acme-tls/1".to_owned()),
        Ok(seen) if seen.certificate.as_ref() == Some(certificate) => Look::Right,
        Ok(_) => Look::Wrong(format!("it shows another certificate for {}", proof.server_name)),
        Err(Failure::Io(why)) => Look::Silent(why),
        Err(Failure::Tls(why)) => Look::Wrong(format!("the handshake for {} failed: {why}", proof.server_name)),
    }
}

struct Seen {
    alpn: Vec<u8>,
    certificate: Option<CertificateDer<'static>>,
}

enum Failure {
    Io(io::Error),
    Tls(io::Error),
}

fn handshake(time: Duration, address: SocketAddr, server_name: &str) -> Result<Seen, Failure> {
    let deadline = Deadline::after(time);
    let mut client = client(server_name).map_err(|why| Failure::Tls(io::Error::other(why)))?;
    let stream = deadline.left().and_then(|left| TcpStream::connect_timeout(&address, left)).map_err(Failure::Io)?;
    while client.is_handshaking() {
        client.complete_io(&mut Timed(&stream, deadline)).map_err(Failure::Tls)?;
    }
    Ok(Seen {
        alpn: client.alpn_protocol().unwrap_or_default().to_vec(),
        certificate: client.peer_certificates().and_then(|chain| chain.first()).map(|first| first.clone().into_owned()),
    })
}

fn client(server_name: &str) -> Result<ClientConnection, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let any = Arc::new(AnyCertificate(provider));
    let mut config = builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth();
    config.alpn_protocols = vec![ACME_TLS_1.to_vec()];
    Ok(ClientConnection::new(Arc::new(config), ServerName::try_from(server_name.to_owned())?)?)
}

/// A stream that waits until a deadline and no longer.
struct Timed<'a>(&'a TcpStream, Deadline);

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.read(self.0, buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.1.write_all(self.0, octets).map(|()| octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes any certificate: what it is to be is known, and nothing is sent to whoever shows it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
