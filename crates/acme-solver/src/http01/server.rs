//! A web server for one purpose: it knows some tokens and nothing else, and no client can keep it busy for long.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::PREFIX;
use crate::deadline::Deadline;

/// A connection is given up on after this long, whatever it is doing.
const CONNECTION: Duration = Duration::from_secs(10);

/// A request head is at most this many octets.
const MAX_HEAD: usize = 8 * 1024;

/// So many connections are served at once on each address; more are closed. CAs make about five for each name.
const MAX_CONNECTIONS: usize = 128;

/// What a thread that serves one connection needs of stack, in octets.
const STACK: usize = 256 * 1024;

/// Key authorizations by token.
#[derive(Debug, Default)]
pub(super) struct Tokens(RwLock<HashMap<String, String>>);

impl Tokens {
    pub(super) fn insert(&self, token: &str, key_authorization: &str) {
        let mut tokens = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(token.to_owned(), key_authorization.to_owned());
    }

    pub(super) fn remove(&self, token: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The key authorization for a path; the path must be the very one (RFC 8555 §8.3).
    fn at(&self, path: &str) -> Option<String> {
        let tokens = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tokens.get(path.strip_prefix(PREFIX)?).cloned()
    }
}

/// A listening server; dropped, it stops and frees its port.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(address: SocketAddr, tokens: Arc<Tokens>) -> io::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().spawn(move || accept(&listener, &stopped, &tokens))?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached from this computer.
    pub(super) fn local_address(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Its thread waits for a connection: this is one.
        if TcpStream::connect_timeout(&self.local_address(), Duration::from_secs(1)).is_ok()
            && let Some(thread) = self.thread.take()
        {
            _ = thread.join();
        }
    }
}

/// Listens on IPv6 without taking IPv4 along, so that both can be bound whatever the system's default is.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A server that was stopped a moment ago must not keep the next from starting. On Windows it would mean something else.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, stop: &AtomicBool, tokens: &Arc<Tokens>) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of file descriptors, mostly: the connection keeps waiting, and asking at once again would only spin.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if let Some(place) = Place::take(&open) {
            let tokens = Arc::clone(tokens);
            // Where no thread can be had the connection is closed.
            _ = thread::Builder::new().stack_size(STACK).spawn(move || {
                _ = serve(&stream, &tokens, Deadline::after(CONNECTION));
                drop(place);
            });
        }
    }
}

/// One of the connections that may be open at once.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(open));
        (open.fetch_add(1, Ordering::SeqCst) < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One request and its answer, until the deadline.
fn serve(stream: &TcpStream, tokens: &Tokens, deadline: Deadline) -> io::Result<()> {
    let answer = answer(stream, tokens, deadline)?;
    deadline.write_all(stream, &answer)?;
    stream.shutdown(Shutdown::Write)
}

fn answer(stream: &TcpStream, tokens: &Tokens, deadline: Deadline) -> io::Result<Vec<u8>> {
    let mut head = [0; MAX_HEAD];
    let mut length = 0;
    while length < MAX_HEAD {
        match deadline.read(stream, &mut head[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => length += count,
        }
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head[..length]) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                return Ok(respond(request.method.unwrap_or_default(), request.path.unwrap_or_default(), tokens));
            }
            Err(_) => return Ok(refusal("400 Bad Request", "")),
        }
    }
    Ok(refusal("431 Request Header Fields Too Large", ""))
}

fn respond(method: &str, path: &str, tokens: &Tokens) -> Vec<u8> {
    match (method, tokens.at(path)) {
        ("GET", Some(text)) => found(text.len(), &text),
        ("HEAD", Some(text)) => found(text.len(), ""),
        ("GET" | "HEAD", None) => refusal("404 Not Found", ""),
        _ => refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
    }
}

fn found(length: usize, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: \
         close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn refusal(status: &str, header: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_client_that_dribbles_is_cut_off_at_the_deadline() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = listener.accept().unwrap().0;
        let dribble = thread::spawn(move || {
            client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            // Each octet comes well within any timeout for a single read.
            while client.write_all(b"G").is_ok() && !matches!(client.read(&mut [0]), Ok(0)) {}
        });
        let started = Instant::now();
        let result = serve(&stream, &Tokens::default(), Deadline::after(Duration::from_millis(200)));
        assert!(result.is_err() && started.elapsed() < Duration::from_secs(5), "{result:?} {:?}", started.elapsed());
        drop(stream);
        dribble.join().unwrap();
    }

    #[test]
    fn places_are_limited_and_come_back() {
        let open = Arc::new(AtomicUsize::new(0));
        let places: Vec<_> = (0..MAX_CONNECTIONS).map(|_| Place::take(&open)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(Place::take(&open).is_none(), "no more than {MAX_CONNECTIONS}");
        drop(places);
        assert!(Place::take(&open).is_some(), "the refused one must not have kept a place either");
    }
}
