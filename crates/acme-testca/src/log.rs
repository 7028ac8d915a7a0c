//! The log of requests, for tests to count.

use crate::Resource;

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target.
    pub path: String,
    /// What is at `path`.
    pub resource: Resource,
    /// The status of the answer.
    pub status: u16,
}
