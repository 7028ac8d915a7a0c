//! `luacme timer`: what is printed, and that nothing is done.

use crate::support::Bench;

#[test]
fn units_and_a_cron_line() {
    let bench = Bench::start();
    let dir = bench.dir().display().to_string();
    let luacme = |words: &[&str]| bench.bare(&[words, &["--dir", "state"]].concat()).succeeds().stdout;
    let units = luacme(&["timer"]);
    for line in [&format!(" renew --dir {dir}"), "Type=oneshot", "RandomizedDelaySec=6h", "Persistent=yes"] {
        assert!(units.lines().any(|found| found.ends_with(line)), "no {line} in {units}");
    }
    let service = luacme(&["timer", "--service"]);
    assert!(service.contains("Type=notify") && service.contains(&format!(" run --dir {dir}\n")), "{service}");
    let cron = luacme(&["timer", "--cron"]);
    assert_eq!((cron.lines().count(), cron.split_whitespace().nth(2)), (1, Some("*")), "{cron}");
    assert!(!bench.dir().exists());
    bench.bare(&["timer", "--cron", "--service"]).exits(2);
}
