//! The listener: TLS on loopback, one thread for each connection.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use acme_jose::{KeyType, PrivateKey, Signer as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::ca::{self, Ca};
use crate::http::{self, Next};
use crate::identifier::Identifier;
use crate::issue::{BACKDATED, IssueError, Issuer, LEAF_LIFETIME, Request};
use crate::manners::Conversation;
use crate::response::{Fate, Response};

/// The listener's TLS identity: a root of its own, and what a handshake needs.
pub(crate) struct Identity {
    pub(crate) root_pem: String,
    pub(crate) config: Arc<ServerConfig>,
}

impl Identity {
    /// An identity for this address and the usual names of the own machine.
    pub(crate) fn new(address: IpAddr) -> Result<Self, IssueError> {
        let now = SystemTime::now();
        let issuer = Issuer::new("acme-testca listener", 0, 1, now)?;
        let key = PrivateKey::generate(KeyType::P256)?;
        let names = [
            Identifier::Ip(Ipv4Addr::LOCALHOST.into()),
            Identifier::Ip(Ipv6Addr::LOCALHOST.into()),
            Identifier::Dns("localhost".to_string()),
            Identifier::Ip(address),
        ];
        let names = names.into_iter().collect();
        let validity = (now - BACKDATED, now + LEAF_LIFETIME);
        let issued = issuer.issue(&Request { key: &key.public_key(), names: &names, serial: [3; 16], validity }, 0)?;
        let chain =
            CertificateDer::pem_slice_iter(issued.chains[0][..2].concat().as_bytes()).collect::<Result<_, _>>()?;
        let key = PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.to_vec());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key.into())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { root_pem: issuer.root_pem().to_string(), config: Arc::new(config) })
    }
}

/// Takes connections until the CA ends.
pub(crate) fn accept(ca: &Arc<Ca>, listener: &TcpListener, config: &Arc<ServerConfig>) {
    for socket in listener.incoming() {
        if ca.workers.is_stopping() {
            return;
        }
        let Ok(socket) = socket else { continue };
        let Some(watched) = ca.workers.watch(&socket) else { continue };
        let (ca, config) = (Arc::clone(ca), Arc::clone(config));
        Arc::clone(&ca).workers.spawn(move || {
            let _watched = watched;
            // A connection that breaks is the client's business.
            let _ = serve(&ca, socket, config);
        });
    }
}

/// Wakes [`accept`], so that it sees that the CA ends.
pub(crate) fn wake(address: SocketAddr) {
    let _ = TcpStream::connect(address);
}

/// Answers the requests of one connection.
fn serve(ca: &Arc<Ca>, mut socket: TcpStream, config: Arc<ServerConfig>) -> Result<(), IssueError> {
    socket.set_nodelay(true)?;
    let mut connection = ServerConnection::new(config)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    ca.connections.fetch_add(1, Ordering::SeqCst);
    let mut stream = StreamOwned::new(connection, socket);
    let (mut buffer, mut conversation) = (Vec::new(), Conversation::default());
    loop {
        let keep_alive = match http::read(&mut stream, &mut buffer) {
            Next::Closed => break,
            Next::Refused(status, why) => {
                Response::text(status, "text/plain", why).write(&mut stream, false, false)?;
                break;
            }
            Next::Request(request) => {
                let response = ca::answer(ca, &mut conversation, &request);
                let fate = response.fate;
                match fate {
                    Fate::Lost => return Ok(()),
                    Fate::Hung => return wait_for_the_end(&mut stream),
                    _ => response.write(&mut stream, request.method == "HEAD", request.keep_alive)?,
                }
                if matches!(fate, Fate::CutOff { .. }) {
                    return Ok(());
                }
                request.keep_alive && fate == Fate::Sent
            }
        };
        if !keep_alive {
            break;
        }
    }
    stream.conn.send_close_notify();
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(())
}

/// Says nothing until the client has had enough, or the CA ends.
fn wait_for_the_end(stream: &mut impl Read) -> Result<(), IssueError> {
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored)? > 0 {}
    Ok(())
}
