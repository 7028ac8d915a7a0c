//! DNS as a prover of control needs it: questions, zones and their servers, and waiting until all of them answer (RFC 1034, RFC 1035).
//!
//! * [`Client`] asks one question and tells records, "no such name", "no such record", refusal and silence apart.
//! * [`Zones`] finds where a record really stands: behind which aliases, in which zone, on which servers.
//! * [`Propagation`] waits until every authoritative server shows what was published.
//! * [`Updater`] changes TXT records of a zone by signed messages (RFC 2136, RFC 8945); [`Rfc2136`] does so wherever names lead.
//!
//! Names are texts here: any case and with or without a dot at the end when given, lower case and with the dot when told.

mod client;
mod code;
mod error;
mod exchange;
mod key;
mod key_file;
mod propagation;
mod record;
mod report;
mod resolvers;
mod rfc2136;
mod tsig;
mod update;
mod update_error;
mod zones;

pub use client::{Answer, Client, Outcome};
pub use code::Code;
pub use error::DnsError;
pub use key::{KeyError, TsigAlgorithm, TsigKey};
pub use propagation::Propagation;
pub use record::{Data, RecordType};
pub use report::{NameReport, Report, Seen, Shows};
pub use resolvers::{system_resolvers, txt};
pub use rfc2136::Rfc2136;
pub use update::Updater;
pub use update_error::UpdateError;
pub use zones::{NameServer, Place, Zones};
