#![doc = include_str!("../README.md")]

mod account;
mod authorization;
mod challenge;
mod directory;
mod identifier;
mod lenient;
mod link;
mod order;
mod problem;
mod retry_after;
mod status;
mod timestamp;
mod token;

pub use account::{Account, Contact, ContactError, NewAccount};
pub use authorization::Authorization;
pub use challenge::{Challenge, ChallengeType, dns01_name, http01_url};
pub use directory::{Directory, Meta, Resource};
pub use identifier::{Identifier, IdentifierError};
pub use link::Link;
pub use order::{Finalize, NewOrder, Order};
pub use problem::{Problem, ProblemType, Subproblem};
pub use retry_after::{MAX_PAUSE, pause};
pub use status::{AccountStatus, AuthorizationStatus, ChallengeStatus, OrderStatus};
pub use timestamp::Timestamp;
pub use token::{KeyAuthorization, Nonce, NonceError, Token, TokenError};
