//! An order whose answer was lost: the state is read before another is placed (RFC 8555 §6.5, §7.1.2.1).

use std::time::SystemTime;

use acme_proto::{NewOrder, Order, OrderStatus};

use crate::Event;
use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::order::{PlacedOrder, same_identifiers};

/// So many of the listed orders are looked at, from the end of the list, where a CA puts the newest.
const MAX_LOOKS: usize = 16;

impl Account {
    /// Places an order; one whose answer was lost is looked for, and placed once more where it is not found.
    pub(crate) fn place_surely(&self, order: &NewOrder) -> Result<PlacedOrder, Error> {
        let lost = match self.place(order) {
            Err(error) if is_lost(&error) => error,
            outcome => return outcome,
        };
        let found = self.find_order(order);
        let url = found.as_ref().map(|placed| placed.url.as_str());
        self.observer.event(&Event::OrderUnanswered { why: &lost.to_string(), found: url });
        match found.map_or_else(|| self.place(order), Ok) {
            // That one order may stand says more than that the network is gone.
            Err(error) if matches!(error.kind(), ErrorKind::Transport(_)) => Err(lost),
            outcome => outcome,
        }
    }

    /// An open order of the account for the same; `None` also where the CA does not tell.
    fn find_order(&self, asked: &NewOrder) -> Option<PlacedOrder> {
        let listed = self.orders().ok()?;
        let read = listed.iter().rev().take(MAX_LOOKS).map_while(|url| self.order(url).ok());
        read.into_iter().find(|placed| is_for(&placed.order, asked, self.clock.now()))
    }
}

/// Whether an order may stand without our knowing. Whoever says when to come again has not carried it out, and an answer
/// that is too large would be so again.
fn is_lost(error: &Error) -> bool {
    error.may_have_been_carried_out() && error.is_transient() && !error.is_rate_limited()
}

/// Whether an order is open and as it was asked for. Validity, renewal and delegation are not compared: whoever asks for
/// those gets a new order.
fn is_for(order: &Order, asked: &NewOrder, now: SystemTime) -> bool {
    let plain = NewOrder {
        identifiers: asked.identifiers.clone(),
        replaces: asked.replaces.clone(),
        profile: asked.profile.clone(),
        ..NewOrder::default()
    };
    *asked == plain
        && matches!(order.status, OrderStatus::Pending | OrderStatus::Ready)
        && order.expires.as_ref().is_none_or(|end| end.time() > now)
        && order.auto_renewal.is_none()
        && order.replaces == asked.replaces
        && (asked.profile.is_none() || order.profile == asked.profile)
        && same_identifiers(&order.identifiers, &asked.identifiers)
}
