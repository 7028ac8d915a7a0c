//! A client of ours at a CA that behaves in some way.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use acme_account::{Account, Authorized, Clock, Error, PlacedOrder, Solver, Terms};
use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_proto::{Contact, Identifier, NewOrder};
use acme_solver::http01::Standalone;
use acme_testca::{Breach, Builder, Request, Resource, Setting, TestCa};
use acme_transport::{HttpsTransport, Roots};
use acme_x509::{Chain, ChainError, Csr, Name};

/// As long as luacme waits unless told otherwise.
pub(crate) const WAIT: Duration = Duration::from_secs(300);

/// One account at one CA. At the end of the test the CA must have seen no breach of the protocol.
pub(crate) struct Client {
    pub(crate) ca: Arc<TestCa>,
    pub(crate) account: Account,
    pub(crate) clock: Arc<QuickClock>,
    transport: Arc<HttpsTransport>,
    http: SocketAddr,
    breaches_expected: Cell<bool>,
}

impl Client {
    /// With an account at a CA that behaves so.
    pub(crate) fn at(settings: &[Setting]) -> Self {
        let client = Self::with(|ca| settings.iter().fold(ca, |ca, setting| ca.behave(*setting)));
        client.account.register(&[contact()], Terms::Agreed).unwrap();
        client
    }

    /// Without an account yet.
    pub(crate) fn with(behave: impl FnOnce(Builder) -> Builder) -> Self {
        let (clock, http) = (Arc::new(QuickClock::default()), free_port());
        let read = Arc::clone(&clock);
        let ca = behave(TestCa::builder().http01_addr(http).clock(move || read.now())).start().unwrap();
        let transport = HttpsTransport::builder().user_agent("servers-test/1.0").roots(Roots::None);
        let transport = Arc::new(transport.add_root_pem(ca.root_pem()).unwrap().build().unwrap());
        let account = account(key(), &ca, &transport, &clock);
        Self { ca: Arc::new(ca), account, clock, transport, http, breaches_expected: Cell::new(false) }
    }

    /// The account as another run of the program has it, or an account yet to be made, of another key.
    pub(crate) fn account_of(&self, key: Arc<PrivateKey>) -> Account {
        account(key, &self.ca, &self.transport, &self.clock)
    }

    /// A certificate for these names, checked.
    pub(crate) fn obtain(&self, names: &[&str]) -> Result<Chain, Error> {
        self.obtain_by(&self.account, &order(names))
    }

    pub(crate) fn obtain_by(&self, account: &Account, order: &NewOrder) -> Result<Chain, Error> {
        self.obtain_unchecked(account, order).map(|chain| chain.unwrap())
    }

    /// The same when the chain may be refused.
    pub(crate) fn obtain_unchecked(
        &self,
        account: &Account,
        order: &NewOrder,
    ) -> Result<Result<Chain, ChainError>, Error> {
        let placed = account.new_order(order)?;
        let placed = self.authorize(account, &placed, &self.standalone())?;
        let names: Vec<_> = order.identifiers.iter().map(|one| Name::parse(&one.value())).collect();
        let key = key();
        let pem = account.issue(placed, Csr::new(&*key, &names).unwrap().der(), WAIT)?;
        Ok(Chain::from_pem(pem).and_then(|chain| chain.check(&key.public_key(), &names).map(|()| chain)))
    }

    pub(crate) fn authorize(
        &self,
        account: &Account,
        placed: &PlacedOrder,
        solver: &dyn Solver,
    ) -> Result<PlacedOrder, Error> {
        match account.authorize(placed, solver, WAIT)? {
            Authorized::All(placed) => Ok(placed),
            Authorized::AwaitsPerson(_) => panic!("nobody to wait for"),
        }
    }

    /// Answers http-01 where the CA looks.
    pub(crate) fn standalone(&self) -> Standalone {
        Standalone::new([self.http])
    }

    /// The breaches so far, in a test where there should be some.
    pub(crate) fn expected_breaches(&self) -> Vec<Breach> {
        self.breaches_expected.set(true);
        self.ca.breaches()
    }

    /// The requests to a kind of resource.
    pub(crate) fn requests(&self, resource: Resource) -> Vec<Request> {
        self.ca.requests().into_iter().filter(|request| request.resource == resource).collect()
    }

    /// The POSTs to a kind of resource that had a payload.
    pub(crate) fn posts(&self, resource: Resource) -> usize {
        self.requests(resource).iter().filter(|request| !request.payload.is_empty()).count()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.breaches_expected.get() {
            assert!(self.ca.breaches().is_empty(), "{:?}", self.ca.breaches());
        }
    }
}

fn account(key: Arc<PrivateKey>, ca: &TestCa, transport: &Arc<HttpsTransport>, clock: &Arc<QuickClock>) -> Account {
    Account::new(key, ca.directory_url(), Arc::clone(transport) as _).with_clock(Arc::clone(clock) as _)
}

pub(crate) fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(KeyType::P256).unwrap())
}

pub(crate) fn contact() -> Contact {
    Contact::parse("mailto:a@example.com").unwrap()
}

pub(crate) fn order(names: &[&str]) -> NewOrder {
    NewOrder::new(names.iter().map(|name| Identifier::parse(name).unwrap()))
}

/// A clock that goes on by as much as is slept, most of it skipped; the rest is for the CA, which works in real time.
#[derive(Default)]
pub(crate) struct QuickClock {
    skipped: Mutex<Duration>,
}

impl QuickClock {
    /// How much was slept and skipped so far.
    pub(crate) fn skipped(&self) -> Duration {
        *self.skipped.lock().unwrap()
    }
}

impl Clock for QuickClock {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.skipped()
    }

    fn sleep(&self, pause: Duration) {
        let real = pause.min(Duration::from_millis(20));
        std::thread::sleep(real);
        *self.skipped.lock().unwrap() += pause - real;
    }
}

/// A port nobody listens on, below those a system gives to outgoing connections, which would take it in between.
fn free_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = std::process::id() as u16;
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(spread) % 10_000 + 10_000);
    let mut addresses = ports.take(10_000).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port on 127.0.0.1")
}
