//! From an order whose identifiers are proven to its certificate (RFC 8555 §7.1.6, §7.4).

use std::time::Duration;

use acme_proto::{AuthorizationStatus, OrderStatus, Problem, ProblemType};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::order::PlacedOrder;
use crate::poll::Wait;

/// As often may finalize get no usable answer while the order stays `ready`.
const MAX_UNANSWERED: u32 = 2;

/// What became of the requests for the certificate.
#[derive(Default)]
struct Sent {
    /// So many were perhaps carried out, and the answer does not tell.
    unanswered: u32,
    /// The CA took one: no other is sent, whatever the order shows.
    taken: bool,
}

/// What an order needs next, seen from its state alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prove control of its identifiers.
    Authorize,
    /// Send the request for the certificate.
    Finalize,
    /// Wait: the CA is at work.
    Wait,
    /// Download the certificate.
    Download,
    /// Place a new order: nothing will come of this one.
    Abandon,
}

impl Step {
    /// The step for a state (RFC 8555 §7.1.6). It is also where to go on after an interruption.
    pub fn for_status(status: &OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::Authorize,
            OrderStatus::Ready => Self::Finalize,
            OrderStatus::Valid => Self::Download,
            OrderStatus::Invalid | OrderStatus::Canceled => Self::Abandon,
            // A state from after our time: look again until the deadline.
            OrderStatus::Processing | OrderStatus::Other(_) | _ => Self::Wait,
        }
    }
}

impl Account {
    /// From an order whose identifiers are all proven to the certificate chain, as PEM: waits until it is ready,
    /// finalizes once, waits again (at most `total` in all) and downloads.
    ///
    /// The CA is asked after the pause it names, else after 50 ms, 100 ms and so on up to 10 s.
    ///
    /// It takes the order as it stands, so it also goes on with one that was finalized in an earlier run.
    ///
    /// # Errors
    /// [`ErrorKind::OrderLost`] when nothing will come of the order; [`ErrorKind::OutOfTime`], after which the same call can
    /// go on; what the CA refuses.
    pub fn issue(&self, placed: PlacedOrder, csr_der: &[u8], total: Duration) -> Result<String, Error> {
        let mut wait = self.wait(&placed.order, total);
        let mut placed = placed;
        let mut sent = Sent::default();
        wait.restart(placed.retry_after);
        loop {
            placed = match Step::for_status(&placed.order.status) {
                Step::Download => {
                    let url = placed.certificate_url()?;
                    return self.patiently(&mut wait, |account| account.download(url));
                }
                Step::Abandon => return Err(self.lost(&placed, &wait)),
                Step::Finalize if !sent.taken => self.finalize_or_read(&placed, csr_der, &mut wait, &mut sent)?,
                // Pending although every authorization is valid, ready although finalized: the CA's own records lag.
                Step::Authorize | Step::Finalize | Step::Wait => self.look_at_order(&placed, &mut wait)?,
            };
        }
    }

    /// Finalizes; when the outcome is unknown, or the CA says the order is not ready after all, the order itself tells.
    fn finalize_or_read(
        &self,
        placed: &PlacedOrder,
        csr_der: &[u8],
        wait: &mut Wait,
        sent: &mut Sent,
    ) -> Result<PlacedOrder, Error> {
        let answer = self.send_finalize(placed, csr_der);
        let carried_out = match &answer {
            Ok(_) => true,
            Err(error) => error.may_have_been_carried_out(),
        };
        let finalized = answer.and_then(|response| self.placed_again(placed, &response, Operation::Finalize));
        let error = match finalized {
            Ok(finalized) => {
                sent.taken = true;
                wait.restart(finalized.retry_after);
                return Ok(finalized);
            }
            Err(error) if matches!(error.kind(), ErrorKind::OrderChanged { .. }) => return Err(error),
            Err(error) if carried_out || error.is_problem(&ProblemType::OrderNotReady) => error,
            Err(error) => return Err(error),
        };
        sent.unanswered += u32::from(carried_out);
        match self.look_at_order(placed, wait) {
            // What became of finalize says more than that time ran out.
            Err(late) if late.is_out_of_time() => Err(error),
            Ok(seen) if seen.order.status == OrderStatus::Ready && sent.unanswered == MAX_UNANSWERED => Err(error),
            outcome => outcome,
        }
    }

    pub(crate) fn look_at_order(&self, placed: &PlacedOrder, wait: &mut Wait) -> Result<PlacedOrder, Error> {
        let response = self.look_again(wait, &placed.url, Operation::Order)?;
        let seen = self.placed_again(placed, &response, Operation::Order)?;
        if let OrderStatus::Other(state) = &seen.order.status {
            wait.saw_unknown(state);
        }
        Ok(seen)
    }

    /// Gives up an order that will not be completed: deactivates its pending authorizations, which count against limits
    /// of some CAs (RFC 8555 §7.5.2). Goes on after a refusal, and tells the first.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn abandon(&self, placed: &PlacedOrder) -> Result<(), Error> {
        let mut first = Ok(());
        for url in &placed.order.authorizations {
            let outcome = self.authorization(url).and_then(|found| match found.authorization.status {
                AuthorizationStatus::Pending => self.deactivate_authorization(url).map(drop),
                _ => Ok(()),
            });
            first = first.and(outcome);
        }
        first
    }

    /// The error for an order that nothing will come of.
    pub(crate) fn lost(&self, placed: &PlacedOrder, wait: &Wait) -> Error {
        let problem = placed.order.error.clone().or_else(|| self.reason(placed, wait));
        let kind = ErrorKind::OrderLost { status: placed.order.status.to_string(), problem };
        Error::new(Operation::Order, &placed.url, kind)
    }

    /// Why an order failed that does not say so itself: some CAs tell it in the authorization only.
    fn reason(&self, placed: &PlacedOrder, wait: &Wait) -> Option<Problem> {
        placed.order.authorizations.iter().take_while(|_| self.may_explain(wait)).find_map(|url| {
            let found = self.authorization(url).ok()?.authorization;
            if found.status == AuthorizationStatus::Valid { None } else { found.error().cloned() }
        })
    }
}
