//! What stands in an order although nobody asked for it. The rows are those of docs/rfc-map.md.
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::Order;
use serde_json::json;

// Rows: Q-04
#[test]
fn an_order_shows_the_profile_the_ca_chose() {
    for (why, members, want) in [
        ("chosen", json!({"status": "pending", "profile": "shortlived"}), Some("shortlived")),
        ("none", json!({"status": "pending"}), None),
        ("null", json!({"status": "pending", "profile": null}), None),
    ] {
        assert_eq!(serde_json::from_value::<Order>(members).unwrap().profile.as_deref(), want, "{why}");
    }
}
