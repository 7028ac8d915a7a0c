//! What the CA answers.

use acme_account::{TransportError, TransportErrorKind};
use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    nonce: NonceHeader,
    lost: Option<TransportErrorKind>,
}

#[derive(Clone)]
enum NonceHeader {
    Fresh,
    Is(&'static str),
    Absent,
}

impl Answer {
    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), nonce: NonceHeader::Fresh, lost: None }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { headers: Vec::new(), ..Self::text(status, "", "") }
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(crate) fn problem(status: u16, kind: &str, detail: &str) -> Self {
        Self::text(status, "application/problem+json", &super::problem(kind, detail).to_string())
    }

    pub(crate) fn certificate() -> Self {
        Self::text(200, "application/pem-certificate-chain", "-----BEGIN CERTIFICATE-----\n")
    }

    /// The request arrives and is carried out, but its answer does not come.
    pub(crate) fn lost(kind: TransportErrorKind) -> Self {
        Self { lost: Some(kind), ..Self::empty(200) }
    }

    pub(crate) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    pub(crate) fn with_nonce(self, nonce: &'static str) -> Self {
        Self { nonce: NonceHeader::Is(nonce), ..self }
    }

    pub(crate) fn without_nonce(self) -> Self {
        Self { nonce: NonceHeader::Absent, ..self }
    }

    pub(super) fn into_response(
        self,
        fresh: impl Fn() -> String,
        keep: impl Fn(&str),
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        if let Some(kind) = self.lost {
            return Err(TransportError::new(kind, "the test says so"));
        }
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        response = match self.nonce {
            NonceHeader::Fresh => response.header("replay-nonce", fresh()),
            NonceHeader::Is(nonce) => {
                keep(nonce);
                response.header("replay-nonce", nonce)
            }
            NonceHeader::Absent => response,
        };
        Ok(response.body(self.body).unwrap())
    }
}
