//! A JWS inside of another one: the only kind without a nonce.

use serde::{Serialize, Serializer};

use super::Jws;

/// A JWS that is made to be a member of another one's payload: an external account binding, or the new key's half of a key
/// change (RFC 8555 §7.3.4, §7.3.5).
///
/// It has no nonce, and may carry a MAC; sent by itself it would count for nothing. So it can be serialised as a member and no
/// more: a request is made of a [`Jws`].
///
/// ```compile_fail
/// let key = acme_jose::MacKey::from_bytes(b"secret");
/// let inner = key.sign(Default::default(), "kid-1", "https://ca.example/", &acme_jose::Payload::EmptyObject).unwrap();
/// let request: String = inner.to_json();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerJws(pub(crate) Jws);

impl InnerJws {
    /// The JWS as whoever receives it reads it: for servers and tests.
    pub fn received(self) -> Jws {
        self.0
    }
}

impl Serialize for InnerJws {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
