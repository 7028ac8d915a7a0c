//! The cases that drive the library crates, for what the command has no verbs for.

use std::{
    fmt::Debug,
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use acme_account::{Account, Authorized, Error, Event, Observer, PlacedOrder, Solver, Step, Terms, Transport};
use acme_jose::{KeyType, PrivateKey, Signer};
use acme_proto::{Identifier, NewOrder, ProblemType};
use acme_solver::http01::Standalone;
use acme_x509::{Chain, Csr, Name};
use anyhow::{Context, anyhow, bail};

use super::{Bench, cases::Case};

mod accounts;
mod certificates;
mod challenges;
mod renewal;
mod retries;

/// All of them, topic by topic.
pub(crate) const CASES: &[&[Case]] =
    &[accounts::CASES, challenges::CASES, certificates::CASES, renewal::CASES, retries::CASES];

/// How long an order may take from one end to the other.
const PATIENCE: Duration = Duration::from_secs(60);

/// An account at a case's Pebble.
struct Subscriber<'a> {
    bench: &'a Bench,
    account: Account,
    log: PathBuf,
}

/// A certificate, and what it came from.
struct Issued {
    order: PlacedOrder,
    key: PrivateKey,
    chain: Chain,
}

impl<'a> Subscriber<'a> {
    /// Has a new account. What happens goes into a log of this name.
    fn registered(bench: &'a Bench, name: &str) -> anyhow::Result<Self> {
        let new = Self::unregistered(bench, name)?;
        new.account.register(&[], Terms::Agreed)?;
        Ok(new)
    }

    /// Has a new key, of which Pebble does not know yet.
    fn unregistered(bench: &'a Bench, name: &str) -> anyhow::Result<Self> {
        Self::with_key(bench, name, new_key()?)
    }

    fn with_key(bench: &'a Bench, name: &str, key: Arc<dyn Signer>) -> anyhow::Result<Self> {
        Self::over(bench, name, key, Arc::new(bench.pebble.transport()?))
    }

    fn over(bench: &'a Bench, name: &str, key: Arc<dyn Signer>, transport: Arc<dyn Transport>) -> anyhow::Result<Self> {
        let log = bench.folder.join(name).with_extension("log");
        let observer = Arc::new(Log(Mutex::new(File::create_new(&log)?)));
        let account = Account::new(key, bench.pebble.directory_url(), transport).with_observer(observer);
        Ok(Self { bench, account, log })
    }

    fn url(&self) -> anyhow::Result<String> {
        self.account.url().context("the account URL is not known")
    }

    /// Orders, and proves control by http-01.
    fn issue(&self, order: &NewOrder) -> anyhow::Result<Issued> {
        self.issue_by(order, &Standalone::new([self.bench.pebble.http]))
    }

    fn issue_by(&self, order: &NewOrder, solver: &dyn Solver) -> anyhow::Result<Issued> {
        let placed = self.account.new_order(order)?;
        let placed = match Step::for_status(&placed.order.status) {
            Step::Authorize => match self.account.authorize(&placed, solver, PATIENCE)? {
                Authorized::All(placed) => placed,
                Authorized::AwaitsPerson(tasks) => bail!("a person is to act: {tasks:?}"),
            },
            _ => placed,
        };
        self.finish(placed)
    }

    /// From an order whose challenges are answered to a certificate that is just what was ordered.
    fn finish(&self, placed: PlacedOrder) -> anyhow::Result<Issued> {
        let names: Vec<Name> = placed.order.identifiers.iter().map(|name| Name::parse(&name.value())).collect();
        let key = PrivateKey::generate(KeyType::P256)?;
        let url = placed.url.clone();
        let pem = self.account.issue(placed, Csr::new(&key, &names)?.der(), PATIENCE)?;
        let chain = Chain::from_pem(pem)?;
        chain.check(&key.public_key(), &names)?;
        Ok(Issued { order: self.account.order(&url)?, key, chain })
    }

    /// How many events, in the form of [`Debug`], hold this text.
    fn events(&self, text: &str) -> anyhow::Result<usize> {
        Ok(fs::read_to_string(&self.log)?.lines().filter(|event| event.contains(text)).count())
    }
}

/// Writes down what happens, a line for each event.
struct Log(Mutex<File>);

impl Observer for Log {
    fn event(&self, event: &Event<'_>) {
        // A line that is lost fails the case that counts it, and no other.
        let _ = self.0.lock().map(|mut file| writeln!(file, "{event:?}"));
    }
}

fn new_key() -> anyhow::Result<Arc<dyn Signer>> {
    Ok(Arc::new(PrivateKey::generate(KeyType::P256)?))
}

fn order(names: &[&str]) -> anyhow::Result<NewOrder> {
    Ok(NewOrder::new(names.iter().map(|name| Identifier::parse(name)).collect::<Result<Vec<_>, _>>()?))
}

/// That the CA refuses, with a problem of this type.
fn refused<T: Debug>(outcome: Result<T, Error>, kind: &ProblemType) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.is_problem(kind) => Ok(()),
        Err(error) => Err(anyhow!(error).context(format!("this is not {kind}"))),
        Ok(granted) => bail!("{kind} was to be the answer, not {granted:?}"),
    }
}
