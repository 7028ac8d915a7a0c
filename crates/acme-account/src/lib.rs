#![doc = include_str!("../README.md")]

mod clock;
mod observer;
mod solver;
mod transport;

pub use clock::{Clock, SystemClock};
pub use observer::{Event, Observer, Silent};
pub use solver::{Readiness, Solver, SolverError, Task};
pub use transport::{Limits, Transport, TransportError, TransportErrorKind};
