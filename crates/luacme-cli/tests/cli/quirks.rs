//! Awkward servers, as the user of luacme meets them. The library's part is in acme-testca's tests/servers.

use acme_testca::Behaviour;

use crate::support::Bench;

fn registered_at(behaviour: Behaviour) -> Bench {
    let bench = Bench::with(|ca| ca.behave(behaviour));
    bench.register().succeeds();
    bench
}

/// acme2certifier says `malformed`, "Contact information is missing".
#[test]
fn a_contact_that_is_missing_points_to_the_flag() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::ContactRequired));
    let run = bench.register().exits(1);
    assert!(run.part("the CA said").contains("Contact information is missing"), "{}", run.stderr);
    assert!(run.part("what to do").contains("--email"), "{}", run.stderr);
    let server = bench.ca.directory_url();
    bench.luacme(&["register", "--server", &server, "--agree-tos", "--email", "a@example.com"]).succeeds();
}

/// Let's Encrypt pauses accounts: 429 without `Retry-After`, and a page that a person must open.
#[test]
fn a_paused_account_shows_the_page_to_open() {
    let bench = registered_at(Behaviour::Paused);
    let run = bench.getcert(&["a.test"]).exits(75);
    assert!(run.part("the CA said").contains("https://testca.invalid/unpause?jwt=SECRET"), "{}", run.stderr);
}

/// Boulder asks for as much as 7.8 million seconds.
#[test]
fn a_pause_beyond_the_deadline_is_exit_code_75_and_says_until_when() {
    let bench = registered_at(Behaviour::RetryAfterHuge);
    let run = bench.getcert(&["a.test"]).exits(75);
    assert!(!run.part("not before").is_empty(), "{}", run.stderr);
    let asked = bench.requests();
    bench.getcert(&["a.test"]).exits(75);
    assert_eq!(bench.requests(), asked, "not asked again before that");
}

/// Terminal escapes in what a CA says are shown, not obeyed.
#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let bench = registered_at(Behaviour::ProblemEscapes);
    bench.ca.behave(Behaviour::BadCsr);
    let run = bench.getcert(&["a.test"]).exits(1);
    assert!(run.part("the CA said").contains("\\u{1b}[2J"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}
