#![doc = include_str!("../README.md")]
#![warn(missing_debug_implementations)]

mod account;
mod authorize;
mod clock;
mod decisions;
mod directory;
mod error;
mod external_account;
mod issue;
mod lifecycle;
mod message;
mod nonces;
mod observer;
mod operation;
mod order;
mod order_again;
mod poll;
mod presented;
mod remedy;
mod renewal;
mod request;
mod response;
mod revocation;
mod send;
mod solver;
mod star;
mod task_record;
mod transport;
mod unchanged;
mod untried;

pub use account::{Account, Registered, Terms};
pub use authorize::Authorized;
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind, Failure, Refusal};
pub use external_account::ExternalAccount;
pub use issue::Step;
pub use lifecycle::LiveKey;
pub use message::Message;
pub use nonces::Nonces;
pub use observer::{Event, Observer, Silent};
pub use operation::Operation;
pub use order::{PlacedAuthorization, PlacedOrder};
pub use remedy::Remedy;
pub use renewal::RenewalAnswer;
pub use response::Response;
pub use solver::{Readiness, Solver, SolverError, Task};
pub use task_record::{TaskRecord, TaskRecordError};
pub use transport::{Limits, Transport, TransportError, TransportErrorKind};
pub use untried::Untried;

/// What a signed request carries; from `acme-jose`.
pub use acme_jose::Payload;
