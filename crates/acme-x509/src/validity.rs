//! When a certificate is due for renewal, where the CA does not say.

use std::time::{Duration, SystemTime};

/// Certificates that live shorter than this have half of their life as reserve, the others a third.
const SHORT_LIVED: Duration = Duration::from_secs(10 * 86_400);

/// When to renew a certificate for which there is no renewal information: when a third of its lifetime is left, or
/// half of it if it lives less than ten days. Never a fixed number of days: lifetimes are getting shorter.
///
/// A certificate that ends before it begins was due when it ended.
pub fn due_at(not_before: SystemTime, not_after: SystemTime) -> SystemTime {
    let lifetime = not_after.duration_since(not_before).unwrap_or_default();
    not_after - if lifetime < SHORT_LIVED { lifetime / 2 } else { lifetime / 3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn leaves_a_third_or_half() {
        let start = SystemTime::UNIX_EPOCH + 500_000 * HOUR;
        for (why, lifetime, due) in [
            ("90 days", 90 * 24, 60 * 24),
            ("64 days", 64 * 24, 1024),
            ("45 days", 45 * 24, 30 * 24),
            ("ten days", 240, 160),
            ("an hour less than ten days", 239, 119),
            ("160 hours", 160, 80),
            ("no time at all", 0, 0),
        ] {
            let found = due_at(start, start + lifetime * HOUR).duration_since(start).unwrap();
            assert_eq!(found.as_secs() / 3600, due, "{why}");
        }
        assert_eq!(due_at(start, start - HOUR), start - HOUR, "ends before it begins");
    }
}
