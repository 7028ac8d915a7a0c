//! What callers may rely on of every public type: threads can share it, it can be shown, and errors can be boxed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::error::Error as StdError;
use std::fmt::Debug;

use acme_account::*;

fn value<T: Send + Sync + Debug>() {}
fn plain<T: Send + Sync + Debug + Clone + PartialEq>() {}
fn error<T: StdError + Send + Sync + 'static>() {}
fn seam<T: Send + Sync + ?Sized>() {}

#[test]
fn types_can_be_shared_shown_and_compared() {
    value::<Account>();
    value::<Authorized>();
    value::<Event<'_>>();
    value::<ExternalAccount>();
    value::<Message<'_>>();
    value::<Nonces>();
    value::<Response>();
    value::<Silent>();
    value::<SystemClock>();
    value::<Untried<'_>>();
    plain::<Failure>();
    plain::<Limits>();
    plain::<LiveKey>();
    plain::<Operation>();
    plain::<PlacedAuthorization>();
    plain::<PlacedOrder>();
    plain::<Readiness>();
    plain::<Refusal>();
    plain::<Registered>();
    plain::<Remedy>();
    plain::<RenewalAnswer>();
    plain::<Step>();
    plain::<Task>();
    plain::<TaskRecord>();
    plain::<Terms>();
    plain::<TransportErrorKind>();
    error::<Error>();
    error::<ErrorKind>();
    error::<SolverError>();
    error::<TaskRecordError>();
    error::<TransportError>();
    seam::<dyn Clock>();
    seam::<dyn Observer>();
    seam::<dyn Solver>();
    seam::<dyn Transport>();
}
