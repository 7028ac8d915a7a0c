//! A person's work, looked at over HTTP and DNS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod dns_server;

use std::net::SocketAddr;

use acme_account::{Readiness, Task};
use acme_proto::ChallengeType;
use acme_solver::Manual;
use acme_solver::dns::{Client, Propagation, Zones};
use common::{One as _, answer, dead_address, http_task, serve_always, task};
use dns_server::{DnsServer, Script, txt};

/// In the first run and in the next.
fn both_runs(task: &Task, set: impl Fn(Manual) -> Manual) -> [Readiness; 2] {
    [Manual::new([]), Manual::new([Manual::mark(task)])].map(|manual| {
        let manual = set(manual);
        manual.present_one(task).unwrap();
        let seen = manual.verify_one(task).unwrap();
        manual.clean_up_one(task).unwrap();
        seen
    })
}

#[test]
fn http_01_is_looked_for_where_it_should_be() {
    let task = http_task("one");
    let (right, _) =
        serve_always(answer("200 OK", &format!("{}\n", task.key_authorization.as_ref().unwrap().as_str())));
    assert_eq!(both_runs(&task, |manual| manual.check_http_at(right)), [Readiness::Ready, Readiness::Ready]);
    let (wrong, _) = serve_always(answer("404 Not Found", ""));
    let [Readiness::AwaitsPerson(first), Readiness::AwaitsPerson(second)] =
        both_runs(&task, |m| m.check_http_at(wrong))
    else {
        panic!("what is wrong stays wrong");
    };
    assert!(first.contains("404") && first == second, "{first}");
    let dead = dead_address();
    let [Readiness::AwaitsPerson(_), Readiness::Unseen(why)] = both_runs(&task, |m| m.check_http_at(dead)) else {
        panic!("what cannot be seen is left to the CA, once the person was asked");
    };
    assert!(why.contains(&dead.to_string()), "{why}");
}

fn asking(server: SocketAddr) -> Propagation {
    Propagation::default().servers([server])
}

#[test]
fn a_person_is_asked_first_even_if_nobody_looks() {
    let task = task("a.test", ChallengeType::Dns01, "one");
    let seen = both_runs(&task, |manual| manual.propagation(Propagation::default().skip()));
    assert!(matches!(seen, [Readiness::AwaitsPerson(_), Readiness::Unseen(_)]), "{seen:?}");
}

#[test]
fn dns_01_is_looked_for_where_it_should_be() {
    let task = task("a.test", ChallengeType::Dns01, "one");
    let name = "_acme-challenge.a.test.";
    let right = task.key_authorization.as_ref().unwrap().dns_txt();
    let both = DnsServer::start(Script::answers(vec![txt(name, &["another"]), txt(name, &[&right])]));
    assert_eq!(
        both_runs(&task, |manual| manual.propagation(asking(both.address))),
        [Readiness::Ready, Readiness::Ready],
        "one of several values is enough (S-03)"
    );
    for (why, records, part) in [
        ("none", vec![], "no TXT record"),
        ("another", vec![txt(name, &["another"])], "another"),
        ("at another name", vec![txt("a.test.", &[&right])], "no TXT record"),
    ] {
        let server = DnsServer::start(Script::answers(records));
        let seen = both_runs(&task, |manual| manual.propagation(asking(server.address)));
        for seen in seen {
            assert!(matches!(&seen, Readiness::AwaitsPerson(text) if text.contains(part)), "{why}: {seen:?}");
        }
    }
    let [Readiness::AwaitsPerson(_), Readiness::Unseen(why)] =
        both_runs(&task, |m| m.propagation(Propagation::new(Zones::new(Client::new([dead_address()])))))
    else {
        panic!("what cannot be looked up is left to the CA, once the person was asked");
    };
    assert!(why.contains(name), "{why}");
}

#[test]
fn what_it_cannot_look_for_it_leaves_to_the_ca() {
    let task = task("a.test", ChallengeType::TlsAlpn01, "one");
    assert!(matches!(both_runs(&task, |m| m), [Readiness::AwaitsPerson(_), Readiness::Unseen(_)]));
}
