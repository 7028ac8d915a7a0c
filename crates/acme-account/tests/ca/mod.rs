//! A CA in memory: its answers are scripted, requests are recorded, every signature and nonce is checked. Its clock moves
//! only when somebody sleeps.
#![allow(dead_code, unused_imports)]

mod answer;
pub(crate) mod flow;
mod solver;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use acme_account::{Account, Clock, Event, Limits, Observer, PlacedOrder, Transport, TransportError};
use acme_jose::{Jwk, Jws, KeyType, ParsedKeyId, PrivateKey, Signer};
use serde_json::{Value, json};

pub(crate) use answer::Answer;
pub(crate) use solver::{FakeSolver, Mishap};

pub(crate) const BASE: &str = "https://ca.example";
pub(crate) const ACCOUNT: &str = "https://ca.example/acct/1";

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: http::HeaderMap,
    /// The JWS, as it was sent.
    pub(crate) body: Value,
    pub(crate) payload: String,
    pub(crate) nonce: String,
    /// The `kid`; `None` means that the header holds the key itself.
    pub(crate) kid: Option<String>,
}

#[derive(Default)]
struct State {
    directory: Value,
    /// What POSTs get: each goes to the URL that is next.
    script: VecDeque<(String, Answer)>,
    /// What a POST gets when the script has ended.
    always: Option<Answer>,
    /// What GET and HEAD get in place of what they usually get.
    others: HashMap<String, VecDeque<Answer>>,
    seen: Vec<Seen>,
    log: Vec<String>,
    issued: usize,
    good_nonces: HashSet<String>,
    now: Option<SystemTime>,
    sleeps: Vec<Duration>,
    /// What has this in its URL takes this long.
    slow: Option<(&'static str, Duration)>,
}

pub(crate) struct Ca {
    key: PrivateKey,
    public: Jwk,
    state: Mutex<State>,
}

impl Ca {
    pub(crate) fn new() -> Arc<Self> {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let directory = json!({
            "newNonce": at("/new-nonce"), "newAccount": at("/new-acct"), "newOrder": at("/new-order"),
            "revokeCert": at("/revoke"), "newAuthz": at("/new-authz"),
            "meta": {"termsOfService": at("/terms")},
        });
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let state = State { directory, now: Some(now), ..State::default() };
        Arc::new(Self { public: key.public_key(), key, state: Mutex::new(state) })
    }

    /// An account whose URL is known.
    pub(crate) fn account(self: &Arc<Self>) -> Account {
        self.stranger().with_url(ACCOUNT)
    }

    /// An account whose URL is not known.
    pub(crate) fn stranger(self: &Arc<Self>) -> Account {
        let key = PrivateKey::from_pem(&self.key.to_pkcs8_pem().unwrap()).unwrap();
        Account::new(Arc::new(key), at("/directory"), self.clone()).with_clock(self.clone()).with_observer(self.clone())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The next POST must go to this URL or path, and gets this answer.
    pub(crate) fn on(&self, url: &str, answer: Answer) -> &Self {
        self.state().script.push_back((at(url), answer));
        self
    }

    /// Every POST from the end of the script on gets this answer.
    pub(crate) fn always(&self, answer: Answer) -> &Self {
        self.state().always = Some(answer);
        self
    }

    /// A `GET /path` or `HEAD /path` gets this answer, once.
    pub(crate) fn instead(&self, method: &str, url: &str, answer: Answer) -> &Self {
        self.state().others.entry(format!("{method} {}", at(url))).or_default().push_back(answer);
        self
    }

    /// Requests with this in their URL take so long from now on.
    pub(crate) fn slow(&self, part: &'static str, each: Duration) -> &Self {
        self.state().slow = Some((part, each));
        self
    }

    pub(crate) fn set_directory(&self, member: &str, value: Value) -> &Self {
        self.state().directory[member] = value;
        self
    }

    pub(crate) fn note(&self, what: String) {
        self.state().log.push(what);
    }

    /// What happened, in order: requests, and what the solver did.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// How often this happened.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.state().log.iter().filter(|line| *line == what).count()
    }

    pub(crate) fn posts(&self) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.method == "POST").cloned().collect()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.state().sleeps.clone()
    }

    /// Every answer of the script was fetched.
    pub(crate) fn is_done(&self) -> bool {
        self.state().script.is_empty()
    }

    /// An order as the account has it after placing it, without any request.
    pub(crate) fn order(&self, status: &str, authorizations: &[&str]) -> PlacedOrder {
        let account = Arc::new(Ca::new());
        account.on("/order/1", Answer::json(200, order(status, authorizations)));
        account.account().order(&at("/order/1")).unwrap()
    }

    fn answer(&self, seen: Seen) -> Answer {
        let mut state = self.state();
        if let Some((_, each)) = state.slow.filter(|(part, _)| seen.url.contains(part)) {
            state.now = state.now.map(|now| now + each);
        }
        let what = format!("{} {}", seen.method, seen.url);
        state.log.push(what.replace(BASE, ""));
        if seen.method == "POST" {
            assert!(state.good_nonces.remove(&seen.nonce), "{what}: nonce {:?} is not ours or was used", seen.nonce);
        }
        state.seen.push(seen.clone());
        if let Some(answer) = state.others.get_mut(&what).and_then(VecDeque::pop_front) {
            return answer;
        }
        match (seen.method.as_str(), state.script.front()) {
            ("GET", _) if seen.url == at("/directory") => Answer::json(200, state.directory.clone()).without_nonce(),
            ("HEAD", _) if seen.url == at("/new-nonce") => Answer::empty(200),
            ("POST", Some((url, _))) if *url == seen.url => state.script.pop_front().unwrap().1,
            ("POST", None) if state.always.is_some() => state.always.clone().unwrap(),
            (_, next) => panic!("unexpected {what}; next in the script is {:?}", next.map(|(url, _)| url)),
        }
    }

    fn issue_nonce(&self) -> String {
        let mut state = self.state();
        state.issued += 1;
        let nonce = format!("nonce-{}", state.issued);
        state.good_nonces.insert(nonce.clone());
        nonce
    }

    /// The JWS and what its header says, checked as a CA must (RFC 8555 §6).
    fn verify(&self, request: &http::Request<Vec<u8>>) -> Seen {
        let url = request.uri().to_string();
        assert_eq!(request.headers().get("replay-nonce"), None, "T-07");
        let mut seen = Seen {
            method: request.method().to_string(),
            url: url.clone(),
            headers: request.headers().clone(),
            body: Value::Null,
            payload: String::new(),
            nonce: String::new(),
            kid: None,
        };
        if seen.method != "POST" {
            assert!(request.body().is_empty());
            return seen;
        }
        assert_eq!(request.headers()["content-type"], "application/jose+json", "T-06");
        let jws = Jws::from_json(request.body()).unwrap();
        jws.verify(&self.public).unwrap();
        let header = jws.header().unwrap();
        seen.url = header.url.unwrap();
        assert_eq!(seen.url.parse::<http::Uri>().unwrap(), *request.uri(), "U-02");
        seen.kid = match header.key {
            ParsedKeyId::Kid(kid) => Some(kid),
            ParsedKeyId::Jwk(jwk) => {
                assert_eq!(jwk, self.public);
                None
            }
        };
        seen.nonce = header.nonce.unwrap();
        seen.payload = String::from_utf8(jws.payload()).unwrap();
        seen.body = serde_json::from_slice(request.body()).unwrap();
        seen
    }
}

impl Transport for Ca {
    fn send(&self, request: http::Request<Vec<u8>>, _: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        let answer = self.answer(self.verify(&request));
        answer.into_response(|| self.issue_nonce(), |nonce| _ = self.state().good_nonces.insert(nonce.to_owned()))
    }
}

impl Clock for Ca {
    fn now(&self) -> SystemTime {
        self.state().now.unwrap()
    }

    fn sleep(&self, pause: Duration) {
        let mut state = self.state();
        state.now = state.now.map(|now| now + pause);
        state.sleeps.push(pause);
    }
}

impl Observer for Ca {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::CleanUpFailed { identifier, why } => self.note(format!("clean-up failed {identifier}: {why}")),
            Event::Unseen { identifier, why, .. } => self.note(format!("unseen {identifier}: {why}")),
            _ => {}
        }
    }
}

/// A path made a URL of the CA; a URL stays itself.
pub(crate) fn at(path: &str) -> String {
    if path.starts_with('/') { format!("{BASE}{path}") } else { path.to_owned() }
}

pub(crate) fn order(status: &str, authorizations: &[&str]) -> Value {
    json!({
        "status": status,
        "identifiers": [{"type": "dns", "value": "a.example"}],
        "authorizations": authorizations.iter().map(|path| at(path)).collect::<Vec<_>>(),
        "finalize": at("/finalize/1"),
    })
}

pub(crate) fn valid_order() -> Value {
    let mut order = order("valid", &[]);
    order["certificate"] = json!(at("/cert/1"));
    order
}

/// An authorization of a name; challenges are of the form `("http-01", "pending")`, their URLs `/NAME/http-01`.
pub(crate) fn authorization(name: &str, status: &str, challenges: &[(&str, &str)]) -> Value {
    let challenge = |(kind, status): &(&str, &str)| json!({"type": kind, "url": at(&format!("/{name}/{kind}")), "status": status, "token": "token"});
    json!({
        "status": status,
        "identifier": {"type": "dns", "value": name},
        "challenges": challenges.iter().map(challenge).collect::<Vec<_>>(),
    })
}

pub(crate) fn problem(kind: &str, detail: &str) -> Value {
    json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail})
}
