//! `Retry-After`: how long a CA asks us to wait (RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime};

/// Waits longer than this are treated as this: a day.
pub const MAX_PAUSE: Duration = Duration::from_secs(86_400);

/// The pause asked for by a `Retry-After` value, seen at `now`.
///
/// Whole seconds or an HTTP-date; a date in the past means "at once". Clamped to `0..=MAX_PAUSE`.
/// `None` when malformed: keep to your own schedule, do not fail the order.
pub fn pause(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let asked = match value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        true => value.parse().map_or(MAX_PAUSE, Duration::from_secs),
        false => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(asked.min(MAX_PAUSE))
}
