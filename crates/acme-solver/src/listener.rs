//! A TCP server that cannot be kept busy: one thread that never waits for a client, a bounded number of connections, and none
//! of them for long.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};

/// A connection is given up on after this long, whatever it is doing.
const CONNECTION: Duration = Duration::from_secs(10);

/// So many connections are open at once on each address: for one more, another is closed. CAs make about five for each name.
const MAX_CONNECTIONS: usize = 512;

/// So many more wait to be accepted. Clients that find no place there try again only after a second.
const BACKLOG: i32 = 1024;

/// So many are accepted before those that are open get their turn.
const AT_ONCE: usize = 64;

const STOP: Token = Token(0);
const LISTENER: Token = Token(1);

/// What is said on one connection.
pub(crate) trait Conversation: Send {
    /// Goes on as far as the other side lets it: until the end, or an error, which is `WouldBlock` when the other side must
    /// do something first.
    fn go_on(&mut self, stream: &mut dyn Stream) -> io::Result<()>;
}

/// A connection that never waits.
pub(crate) trait Stream: Read + Write {}

impl Stream for TcpStream {}

/// Begins the conversation on a new connection.
pub(crate) type Begin = dyn Fn() -> io::Result<Box<dyn Conversation>> + Send + Sync;

/// A listening server; dropped, it closes its connections and frees its port.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(address: SocketAddr, begin: Arc<Begin>) -> io::Result<Self> {
        Self::start_with(address, begin, CONNECTION)
    }

    fn start_with(address: SocketAddr, begin: Arc<Begin>, patience: Duration) -> io::Result<Self> {
        let mut listener = TcpListener::from_std(listen(address)?);
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let stop = Waker::new(poll.registry(), STOP)?;
        let server = Server::new(poll, listener, begin, patience);
        let thread = thread::Builder::new().spawn(move || server.run())?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached from this computer.
    pub(crate) fn local_address(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.stop.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            _ = thread.join();
        }
    }
}

/// Listens on IPv6 without taking IPv4 along, so that both can be bound whatever the system's default is.
fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A server that was stopped a moment ago must not keep the next from starting. On Windows it would mean something else.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What the thread of a listener has.
struct Server {
    poll: Poll,
    listener: TcpListener,
    begin: Arc<Begin>,
    patience: Duration,
    /// The connections, by number: the oldest first.
    open: BTreeMap<usize, Connection>,
    /// Their numbers, by where they come from.
    crowds: HashMap<u128, BTreeSet<usize>>,
    next: usize,
}

struct Connection {
    stream: TcpStream,
    neighbourhood: u128,
    deadline: Instant,
    conversation: Box<dyn Conversation>,
}

impl Server {
    fn new(poll: Poll, listener: TcpListener, begin: Arc<Begin>, patience: Duration) -> Self {
        let next = LISTENER.0 + 1;
        Self { poll, listener, begin, patience, open: BTreeMap::new(), crowds: HashMap::new(), next }
    }

    fn run(mut self) {
        let mut events = Events::with_capacity(MAX_CONNECTIONS);
        let mut waiting = false;
        loop {
            let timeout = if waiting { Some(Duration::ZERO) } else { self.until_the_first_deadline() };
            match self.poll.poll(&mut events, timeout) {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
                Ok(()) => {}
            }
            for event in &events {
                match event.token() {
                    STOP => return,
                    LISTENER => waiting = true,
                    Token(number) => self.go_on(number),
                }
            }
            waiting = waiting && self.accept_some();
            self.close_late();
        }
    }

    /// Whether more may be waiting.
    fn accept_some(&mut self) -> bool {
        for _ in 0..AT_ONCE {
            match self.listener.accept() {
                // What cannot be served is closed.
                Ok((stream, peer)) => _ = self.open(stream, neighbourhood(peer.ip())),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return false,
                Err(why) if why.kind() == io::ErrorKind::ConnectionAborted => {}
                // Out of file descriptors, mostly.
                Err(_) if self.close_one() => {}
                // Others have them all: asking at once again would only spin.
                Err(_) => {
                    thread::sleep(Duration::from_millis(10));
                    return true;
                }
            }
        }
        true
    }

    fn open(&mut self, mut stream: TcpStream, neighbourhood: u128) -> io::Result<()> {
        let conversation = (self.begin)()?;
        if self.open.len() >= MAX_CONNECTIONS {
            self.close_one();
        }
        let number = self.next;
        self.next += 1;
        self.poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        let deadline = Instant::now() + self.patience;
        self.open.insert(number, Connection { stream, neighbourhood, deadline, conversation });
        self.crowds.entry(neighbourhood).or_default().insert(number);
        self.go_on(number);
        Ok(())
    }

    fn go_on(&mut self, number: usize) {
        let Some(Connection { stream, conversation, .. }) = self.open.get_mut(&number) else { return };
        match conversation.go_on(stream) {
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => {}
            Ok(()) => _ = stream.shutdown(Shutdown::Write),
        }
        self.close(number);
    }

    fn close(&mut self, number: usize) {
        let Some(Connection { neighbourhood, .. }) = self.open.remove(&number) else { return };
        if let Some(crowd) = self.crowds.get_mut(&neighbourhood)
            && crowd.remove(&number)
            && crowd.is_empty()
        {
            self.crowds.remove(&neighbourhood);
        }
    }

    /// Closes the oldest connection of whoever has most: a flood displaces itself, not the CA, whose few are served while
    /// hundreds come and go.
    fn close_one(&mut self) -> bool {
        let largest = self.crowds.values().max_by_key(|crowd| crowd.len());
        let oldest = largest.and_then(|crowd| crowd.first().copied());
        oldest.map(|number| self.close(number)).is_some()
    }

    fn until_the_first_deadline(&self) -> Option<Duration> {
        let first = self.open.values().next()?;
        Some(first.deadline.saturating_duration_since(Instant::now()))
    }

    fn close_late(&mut self) {
        let now = Instant::now();
        while let Some((number, _)) = self.open.first_key_value().filter(|(_, first)| first.deadline <= now) {
            self.close(*number);
        }
    }
}

/// The addresses that belong to one client as a rule: one IPv4 address, or an IPv6 network of 64 bits (RFC 4291 §2.5.4).
fn neighbourhood(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => u128::from(address) >> 64,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream as Client;

    use super::*;

    /// Says nothing, and ends at the first octet that is no `.`.
    struct Patient;

    impl Conversation for Patient {
        fn go_on(&mut self, stream: &mut dyn Stream) -> io::Result<()> {
            let mut octet = [b'.'];
            while octet == *b"." {
                stream.read_exact(&mut octet)?;
            }
            Ok(())
        }
    }

    fn begin() -> Arc<Begin> {
        Arc::new(|| Ok(Box::new(Patient)))
    }

    fn listener(patience: Duration) -> Listener {
        Listener::start_with((Ipv4Addr::LOCALHOST, 0).into(), begin(), patience).unwrap()
    }

    /// A server without a thread, and clients of it.
    struct Scene {
        server: Server,
        address: SocketAddr,
    }

    impl Scene {
        fn new() -> Self {
            let listener = TcpListener::from_std(listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
            let address = listener.local_addr().unwrap();
            let poll = Poll::new().unwrap();
            Self { server: Server::new(poll, listener, begin(), CONNECTION), address }
        }

        fn connect(&mut self, neighbourhood: u128) -> Client {
            let client = Client::connect(self.address).unwrap();
            let stream = loop {
                match self.server.listener.accept() {
                    Err(why) if why.kind() == io::ErrorKind::WouldBlock => thread::yield_now(),
                    accepted => break accepted.unwrap().0,
                }
            };
            self.server.open(stream, neighbourhood).unwrap();
            client
        }
    }

    fn is_closed(mut client: &Client) -> bool {
        client.set_nonblocking(true).unwrap();
        matches!(client.read(&mut [0]), Ok(0))
    }

    #[test]
    fn the_oldest_connection_of_whoever_has_most_makes_room() {
        let mut scene = Scene::new();
        let lone = scene.connect(1);
        let crowd: Vec<_> = (1..MAX_CONNECTIONS).map(|_| scene.connect(2)).collect();
        let newcomers = [scene.connect(3), scene.connect(2)];
        assert_eq!(scene.server.open.len(), MAX_CONNECTIONS);
        assert!(is_closed(&crowd[0]) && is_closed(&crowd[1]), "the first two of the crowd");
        assert!(!is_closed(&lone) && !is_closed(&crowd[2]) && !newcomers.iter().any(is_closed));
    }

    #[test]
    fn a_client_that_dribbles_is_cut_off_at_the_deadline() {
        let listener = listener(Duration::from_millis(200));
        let mut client = Client::connect(listener.address()).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let started = Instant::now();
        // Each octet comes well within any timeout for a single read.
        while client.write_all(b".").is_ok() && !matches!(client.read(&mut [0]), Ok(0)) {
            assert!(started.elapsed() < Duration::from_secs(5));
        }
        assert!(started.elapsed() > Duration::from_millis(150), "but not before");
    }

    #[test]
    fn a_conversation_that_ends_frees_its_place_and_a_listener_that_ends_its_connections() {
        let listener = listener(CONNECTION);
        let mut done = Client::connect(listener.address()).unwrap();
        done.write_all(b"..").unwrap();
        done.write_all(b"x").unwrap();
        assert_eq!(done.read(&mut [0]).unwrap(), 0);
        let mut held = Client::connect(listener.address()).unwrap();
        held.write_all(b".").unwrap();
        let address = listener.address();
        drop(listener);
        assert!(!matches!(held.read(&mut [0]), Ok(1..)));
        assert!(Client::connect(address).is_err());
    }

    #[test]
    fn one_client_is_one_neighbourhood() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:2:3:4:5"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
