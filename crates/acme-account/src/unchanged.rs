//! Whether an order is still the one that was placed (RFC 8555 §7.1.3).

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::order::PlacedOrder;

/// An order seen after `before`. Its identifiers and authorizations are those of before, in any sequence; a server that
/// leaves them out later means the same ones. Others make the order invalid.
pub(crate) fn unchanged(before: &PlacedOrder, mut seen: PlacedOrder) -> Result<PlacedOrder, Error> {
    let changed = |what| Err(Error::new(Operation::Order, &before.url, ErrorKind::OrderChanged { what }));
    if !carried_over(&before.order.identifiers, &mut seen.order.identifiers) {
        return changed("identifiers");
    }
    if !carried_over(&before.order.authorizations, &mut seen.order.authorizations) {
        return changed("authorizations");
    }
    Ok(seen)
}

fn carried_over<T: Clone + Ord>(before: &[T], seen: &mut Vec<T>) -> bool {
    if seen.is_empty() {
        *seen = before.to_vec();
    }
    before.is_empty() || before.iter().collect::<BTreeSet<_>>() == seen.iter().collect()
}
