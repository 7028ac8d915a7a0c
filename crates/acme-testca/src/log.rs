//! The log of requests, for tests to count and to look into.

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
    /// The status of the answer; 0 when the CA did as asked and then lost the answer.
    pub status: u16,
    /// The headers, as they came.
    pub headers: Vec<(String, String)>,
    /// The payload of the JWS, decoded; nothing for a POST-as-GET, or when there was no JWS.
    pub payload: Vec<u8>,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
