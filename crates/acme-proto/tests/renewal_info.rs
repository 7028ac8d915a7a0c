//! Renewal information: where it is, what it says, when to ask again and when to renew (RFC 9773).
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acme_proto::{
    Directory, Identifier, LONG_TERM_PAUSE, MAX_POLL, MIN_POLL, PollFailure, Predecessor, RenewalInfo, RenewalSchedule,
    Timestamp, renewal_info_url,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// 2025-01-01T00:00:00Z.
fn new_year() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_735_689_600)
}

fn read(start: &str, end: &str) -> RenewalInfo {
    let json = json!({"suggestedWindow": {"start": start, "end": end}});
    RenewalInfo::from_json(json.to_string().as_bytes()).unwrap()
}

/// From the 3rd to the 5th of January.
fn info() -> RenewalInfo {
    read("2025-01-03T00:00:00Z", "2025-01-05T00:00:00Z")
}

fn answered(random: u64) -> RenewalSchedule {
    let mut schedule = RenewalSchedule::default();
    schedule.answered(&info(), Some(6 * HOUR), new_year(), random, LONG_TERM_PAUSE);
    schedule
}

// Rows: W-02
#[test]
fn the_url_has_one_slash_before_the_certificate() {
    // The certificate of RFC 9773 Appendix A.
    let id = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
    for base in ["https://ca.example/acme/renewal-info", "https://ca.example/acme/renewal-info/"] {
        assert_eq!(renewal_info_url(base, id), format!("https://ca.example/acme/renewal-info/{id}"));
    }
}

// Rows: W-06, W-07
#[test]
fn the_example_of_the_rfc_is_read() {
    let body = br#"{
        "suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "2025-01-03T04:00:00Z"},
        "explanationURL": "https://acme.example.com/docs/ari",
        "later": [1, 2]
    }"#;
    let info = RenewalInfo::from_json(body).unwrap();
    assert_eq!(info.suggested_window.start(), new_year() + 28 * HOUR);
    assert_eq!(info.suggested_window.end(), new_year() + 52 * HOUR);
    assert_eq!(info.explanation_url.as_deref(), Some("https://acme.example.com/docs/ari"));
}

// Rows: W-06, W-08
#[test]
fn an_answer_without_a_window_to_renew_in_is_none() {
    let window = |start: &str, end: &str| json!({"suggestedWindow": {"start": start, "end": end}}).to_string();
    for (why, body) in [
        ("equal", window("2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z")),
        ("equal in two offsets", window("2025-01-02T04:00:00Z", "2025-01-02T05:00:00+01:00")),
        ("reversed", window("2025-01-03T04:00:00Z", "2025-01-02T04:00:00Z")),
        ("reversed by a nanosecond", window("2025-01-02T04:00:00.000000001Z", "2025-01-02T04:00:00Z")),
        ("not times", window("soon", "later")),
        ("no end", json!({"suggestedWindow": {"start": "2025-01-02T04:00:00Z"}}).to_string()),
        ("null", json!({"suggestedWindow": null}).to_string()),
        ("nothing", "{}".to_owned()),
        ("no body", String::new()),
        ("a page", "<html>".to_owned()),
        ("nested without end", "[".repeat(100_000)),
    ] {
        assert!(RenewalInfo::from_json(body.as_bytes()).is_err(), "{why}");
    }
    let odd = json!({"suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "2025-01-02T04:00:00.5Z"}, "explanationURL": 7});
    let info = RenewalInfo::from_json(odd.to_string().as_bytes()).unwrap();
    assert_eq!(info.explanation_url, None, "half a second, and a page that is none");
    assert_eq!(info.suggested_window.moment(u64::MAX), new_year() + 28 * HOUR);
}

// Rows: W-09, W-28
#[test]
fn the_moment_is_spread_evenly_over_the_window() {
    let window = info().suggested_window;
    let start = new_year() + 2 * DAY;
    for (why, random, offset) in [
        ("the first second belongs to it", 0, 0),
        ("a quarter", 1 << 62, 43_200),
        ("half", 1 << 63, 86_400),
        ("the end does not", u64::MAX, 172_799),
    ] {
        assert_eq!(window.moment(random), start + Duration::from_secs(offset), "{why}");
    }
    let fractions = read("2025-01-03T00:00:00.5Z", "2025-01-05T00:00:00.5Z").suggested_window;
    assert_eq!(fractions.moment(0), start + Duration::from_secs(1), "not the second in which it only begins");
    // Ten equal parts of the random numbers fall into ten equal parts of the window.
    for part in 0..10u64 {
        let moment = window.moment(u64::MAX / 10 * part + u64::MAX / 20);
        assert_eq!(moment.duration_since(start).unwrap().as_secs() / 17_280, part);
    }
}

// Rows: W-12
#[test]
fn the_moment_stays_while_the_window_does() {
    let mut schedule = answered(1 << 63);
    let chosen = schedule.renew_at().unwrap();
    assert_eq!(chosen, new_year() + 3 * DAY);
    for (why, start, end) in [
        ("the same", "2025-01-03T00:00:00Z", "2025-01-05T00:00:00Z"),
        ("the same times, written otherwise", "2025-01-03T01:00:00+01:00", "2025-01-05T00:00:00.000Z"),
    ] {
        schedule.answered(&read(start, end), None, new_year(), 0, LONG_TERM_PAUSE);
        assert_eq!(schedule.renew_at(), Some(chosen), "{why}");
    }
    // Saved and loaded, it still does.
    let mut loaded: RenewalSchedule = serde_json::from_str(&serde_json::to_string(&schedule).unwrap()).unwrap();
    assert_eq!(loaded, schedule);
    loaded.answered(&info(), None, new_year(), 0, LONG_TERM_PAUSE);
    assert_eq!(loaded.renew_at(), Some(chosen));

    let moved = read("2025-01-03T00:00:01Z", "2025-01-05T00:00:00Z");
    schedule.answered(&moved, None, new_year(), 0, LONG_TERM_PAUSE);
    assert_eq!(schedule.renew_at(), Some(new_year() + 2 * DAY + Duration::from_secs(1)), "another window");
    assert_eq!(schedule.window(), Some(&moved.suggested_window));
}

// Rows: W-10, W-11
#[test]
fn it_is_due_when_the_moment_comes_before_the_next_run() {
    let schedule = answered(1 << 63);
    let moment = new_year() + 3 * DAY;
    for (why, now, next, due) in [
        ("it is early", new_year(), None, false),
        ("the moment itself", moment, None, true),
        ("long past", moment + 100 * DAY, None, true),
        ("the next run is before it", new_year(), Some(new_year() + DAY), false),
        ("the next run is at that moment", new_year(), Some(moment), false),
        ("the next run is after it", moment - HOUR, Some(moment + HOUR), true),
    ] {
        assert_eq!(schedule.is_due(now, next), Some(due), "{why}");
    }
    let mut past = RenewalSchedule::default();
    past.answered(&read("2024-01-01T00:00:00Z", "2024-01-01T00:30:00Z"), None, new_year(), 7, LONG_TERM_PAUSE);
    assert_eq!(past.is_due(new_year(), None), Some(true), "a window wholly in the past, as for a revoked certificate");
}

// Rows: W-01, W-27
#[test]
fn without_an_answer_it_says_nothing() {
    let mut schedule = RenewalSchedule::default();
    assert_eq!(schedule.is_due(new_year(), None), None);
    schedule.failed(PollFailure::LongTerm, new_year(), LONG_TERM_PAUSE);
    assert_eq!(schedule.is_due(new_year() + 1000 * DAY, None), None);
    assert_eq!((schedule.renew_at(), schedule.window(), schedule.explanation_url()), (None, None, None));
}

// Rows: W-13, W-14, W-15, W-17
#[test]
fn the_next_question_waits_for_retry_after_within_bounds() {
    let not_after = new_year() + 90 * DAY;
    let fresh = RenewalSchedule::default();
    assert!(fresh.is_poll_due(new_year(), not_after), "right after issuance");
    for (why, asked, waits) in [
        ("six hours", Some(6 * HOUR), 6 * HOUR),
        ("at once", Some(Duration::ZERO), MIN_POLL),
        ("a second", Some(Duration::from_secs(1)), MIN_POLL),
        ("a minute", Some(MIN_POLL), MIN_POLL),
        ("a day", Some(DAY), DAY),
        ("four months", Some(Duration::from_secs(10_000_000)), MAX_POLL),
        ("no header, or one that cannot be read", None, LONG_TERM_PAUSE),
    ] {
        let mut schedule = RenewalSchedule::default();
        schedule.answered(&info(), asked, new_year(), 0, LONG_TERM_PAUSE);
        let second = Duration::from_secs(1);
        assert_eq!(schedule.next_poll(new_year()), new_year() + waits, "{why}");
        assert!(!schedule.is_poll_due(new_year() + waits - second, not_after), "{why}: not before");
        assert!(schedule.is_poll_due(new_year() + waits, not_after), "{why}: and then");
        assert!(schedule.renew_at().is_some(), "{why}: the answer counts");
    }
    assert_eq!((MIN_POLL, MAX_POLL, LONG_TERM_PAUSE), (Duration::from_secs(60), DAY, 6 * HOUR));
}

// Rows: W-14, W-16, W-17
#[test]
fn failures_back_off_and_then_wait_for_hours() {
    let mut schedule = answered(0);
    let renew_at = schedule.renew_at();
    let mut waits = Vec::new();
    for _ in 0..7 {
        schedule.failed(PollFailure::Temporary, new_year(), LONG_TERM_PAUSE);
        waits.push(schedule.next_poll(new_year()).duration_since(new_year()).unwrap().as_secs() / 60);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 360, 360], "minutes");
    assert_eq!(schedule.failures(), 7);
    assert_eq!(schedule.renew_at(), renew_at, "what was known stays known");

    schedule.answered(&info(), Some(HOUR), new_year(), 0, LONG_TERM_PAUSE);
    assert_eq!(schedule.failures(), 0, "an answer ends it");
    schedule.failed(PollFailure::LongTerm, new_year(), LONG_TERM_PAUSE);
    assert_eq!(schedule.next_poll(new_year()), new_year() + 6 * HOUR);
    schedule.failed(PollFailure::LongTerm, new_year(), 2 * HOUR);
    assert_eq!(schedule.next_poll(new_year()), new_year() + 2 * HOUR, "the pause can be chosen");
}

// Rows: W-18, W-19
#[test]
fn a_certificate_that_ended_or_was_replaced_is_not_asked_about() {
    let mut schedule = RenewalSchedule::default();
    let not_after = new_year() + 90 * DAY;
    assert!(schedule.is_poll_due(not_after - HOUR, not_after));
    assert!(!schedule.is_poll_due(not_after, not_after), "ended");
    assert!(!schedule.is_poll_due(not_after + DAY, not_after));
    schedule.set_replaced();
    assert!(!schedule.is_poll_due(new_year(), not_after), "replaced");
    let loaded: RenewalSchedule = serde_json::from_str(&serde_json::to_string(&schedule).unwrap()).unwrap();
    assert!(!loaded.is_poll_due(new_year(), not_after), "and that is remembered");
}

#[test]
fn a_clock_that_was_wrong_does_not_stop_the_questions() {
    let mut schedule = RenewalSchedule::default();
    let far = new_year() + 3650 * DAY;
    schedule.failed(PollFailure::LongTerm, far, LONG_TERM_PAUSE);
    assert_eq!(schedule.next_poll(new_year()), new_year());
    assert!(schedule.is_poll_due(new_year(), new_year() + 90 * DAY));
}

#[test]
fn what_is_saved_has_a_known_form() {
    let mut schedule = answered(0);
    let with_page = json!({"suggestedWindow": {"start": "2025-01-03T00:00:00Z", "end": "2025-01-05T00:00:00Z"}, "explanationURL": "https://ca.example/why"});
    let info = RenewalInfo::from_json(with_page.to_string().as_bytes()).unwrap();
    schedule.answered(&info, Some(HOUR), new_year(), 5, LONG_TERM_PAUSE);
    assert_eq!(schedule.explanation_url(), Some("https://ca.example/why"));
    assert_eq!(
        serde_json::to_value(&schedule).unwrap(),
        json!({
            "window": {"start": "2025-01-03T00:00:00Z", "end": "2025-01-05T00:00:00Z"},
            "moment": "2025-01-03T00:00:00Z",
            "explanationURL": "https://ca.example/why",
            "nextPoll": "2025-01-01T01:00:00Z",
            "failures": 0,
            "replaced": false,
        })
    );
    let empty: RenewalSchedule = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, RenewalSchedule::default(), "an older file without members is read too");
}

// Rows: W-20, W-21, W-22, W-26
#[test]
fn replaces_is_sent_only_where_it_can_be_taken() {
    let dns = |name: &str| Identifier::Dns(name.to_owned());
    let predecessor = Predecessor {
        certificate_id: "aki.serial".to_owned(),
        directory_url: "https://ca.example/dir".to_owned(),
        account_url: "https://ca.example/acct/1".to_owned(),
        identifiers: vec![dns("a.example"), dns("b.example")],
    };
    let directory = |renewal_info: Value| -> Directory {
        let json = json!({"newNonce": "n", "newAccount": "a", "newOrder": "o", "renewalInfo": renewal_info});
        Directory::from_json(json.to_string().as_bytes()).unwrap()
    };
    let ari = json!("https://ca.example/ari");
    for (why, info, url, account, names, sent) in [
        (
            "all fits",
            ari.clone(),
            "https://ca.example/dir",
            "https://ca.example/acct/1",
            vec![dns("b.example"), dns("c.example")],
            true,
        ),
        (
            "no renewal information",
            json!(null),
            "https://ca.example/dir",
            "https://ca.example/acct/1",
            vec![dns("a.example")],
            false,
        ),
        (
            "another CA",
            ari.clone(),
            "https://other.example/dir",
            "https://ca.example/acct/1",
            vec![dns("a.example")],
            false,
        ),
        (
            "another account",
            ari.clone(),
            "https://ca.example/dir",
            "https://ca.example/acct/2",
            vec![dns("a.example")],
            false,
        ),
        (
            "nothing in common",
            ari,
            "https://ca.example/dir",
            "https://ca.example/acct/1",
            vec![dns("*.a.example")],
            false,
        ),
    ] {
        let replaces = predecessor.replaces(&directory(info), url, account, &names);
        assert_eq!(replaces, sent.then(|| "aki.serial".to_owned()), "{why}");
    }
    let loaded: Predecessor = serde_json::from_str(&serde_json::to_string(&predecessor).unwrap()).unwrap();
    assert_eq!(loaded, predecessor);
}

proptest! {
    #[test]
    fn the_moment_lies_in_the_window(start in 0u64..4_000_000_000, nanos in 0u32..1_000_000_000, span in 2u64..100_000_000, random: u64) {
        let stamp = |seconds: u64| {
            let whole = UNIX_EPOCH + Duration::from_secs(seconds);
            let text = Timestamp::try_from(whole).unwrap().as_str().replace('Z', &format!(".{nanos:09}Z"));
            (whole + Duration::from_nanos(nanos.into()), text)
        };
        let ((first, start_text), (end, end_text)) = (stamp(start), stamp(start + span));
        let window = read(&start_text, &end_text).suggested_window;
        prop_assert_eq!((window.start(), window.end()), (first, end));
        let moment = window.moment(random);
        prop_assert!(first <= moment && moment < end);
    }

    #[test]
    fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = RenewalInfo::from_json(&body);
    }

    #[test]
    fn no_saved_text_breaks_the_reader(start in ".{0,30}", failures: u32) {
        let text = json!({"window": {"start": start, "end": start}, "nextPoll": start, "failures": failures}).to_string();
        let _ = serde_json::from_str::<RenewalSchedule>(&text);
        let mut schedule: RenewalSchedule = serde_json::from_value(json!({"failures": failures})).unwrap();
        schedule.failed(PollFailure::Temporary, new_year(), LONG_TERM_PAUSE);
        prop_assert!(schedule.next_poll(new_year()) > new_year());
    }
}
