//! Nonces refused and authorizations used again, each with each.

use anyhow::ensure;

use super::{Subscriber, order};
use crate::pebble_test::{Bench, cases::Case, server::Setup};

pub(super) const CASES: &[Case] = &[
    Case { name: "nonce-00-reuse-000", setup: setup(0, 0), run: two_orders },
    Case { name: "nonce-00-reuse-100", setup: setup(0, 100), run: two_orders },
    Case { name: "nonce-05-reuse-000", setup: setup(5, 0), run: two_orders },
    Case { name: "nonce-05-reuse-100", setup: setup(5, 100), run: two_orders },
    Case { name: "nonce-50-reuse-000", setup: setup(50, 0), run: two_orders },
    Case { name: "nonce-50-reuse-100", setup: setup(50, 100), run: two_orders },
];

const fn setup(nonce_reject: u8, authz_reuse: u8) -> Setup {
    Setup { nonce_reject, authz_reuse, ..Setup::PLAIN }
}

/// Two names, ordered twice. What was proven once and is used again is not proven again.
fn two_orders(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    let names = order(&["one.test", "two.test"])?;
    let first = holder.issue(&names)?;
    let second = holder.issue(&names)?;
    ensure!(first.order.url != second.order.url, "the second order is the first");
    ensure!(first.chain.leaf() != second.chain.leaf(), "the second certificate is the first");
    let (answered, refused) = (holder.events("Answered")?, holder.events("NonceRefused")?);
    ensure!(answered == if bench.setup.authz_reuse == 100 { 2 } else { 4 }, "{answered} challenges were answered");
    let plausible = match bench.setup.nonce_reject {
        0 => refused == 0,
        50 => refused > 0,
        _ => true,
    };
    ensure!(plausible, "{refused} nonces were refused");
    Ok(())
}
