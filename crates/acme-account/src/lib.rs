#![doc = include_str!("../README.md")]

mod account;
mod clock;
mod error;
mod flow;
mod nonces;
mod observer;
mod order;
mod poll;
mod request;
mod response;
mod solver;
mod transport;

pub use account::{Account, Registered, Terms};
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind, Failure, Operation, Refusal};
pub use flow::{Authorized, Step};
pub use nonces::Nonces;
pub use observer::{Event, Observer, Silent};
pub use order::{PlacedAuthorization, PlacedOrder};
pub use response::Response;
pub use solver::{Readiness, Solver, SolverError, Task};
pub use transport::{Limits, Transport, TransportError, TransportErrorKind};

/// What a signed request carries; from `acme-jose`.
pub use acme_jose::Payload;
