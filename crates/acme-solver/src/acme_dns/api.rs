//! The two requests of acme-dns.

use acme_account::{Limits, SolverError, Transport};
use acme_proto::TxtRecord;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use serde_json::{Value, json};

use super::AcmeDnsCredentials;

/// Of an answer no more is read than this many octets.
const MAX_ANSWER: usize = 64 << 10;

/// Of an unexpected answer so many characters are shown.
const EXCERPT: usize = 100;

/// A server, and a way to it.
#[derive(Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) server: &'a str,
}

impl Api<'_> {
    /// `POST /register`
    pub(super) fn register(self, allow_from: &[String]) -> Result<AcmeDnsCredentials, SolverError> {
        let doing = "register";
        let body =
            if allow_from.is_empty() { Vec::new() } else { json!({ "allowfrom": allow_from }).to_string().into() };
        let response = self.post(doing, "register", &[], body)?;
        if response.status() != 201 {
            return Err(self.refused(doing, &response));
        }
        let credentials: Option<AcmeDnsCredentials> = serde_json::from_slice(response.body()).ok();
        let mut credentials = credentials
            .filter(|found| is_host_name(&found.fulldomain))
            // Not shown, since there may be keys in it.
            .ok_or_else(|| self.unusable("its answer to the registration is malformed"))?;
        credentials.server_url = Some(self.server.trim_end_matches('/').to_owned());
        Ok(credentials)
    }

    /// `POST /update`
    pub(super) fn update(self, credentials: &AcmeDnsCredentials, record: &TxtRecord) -> Result<(), SolverError> {
        let doing = format!("take the value of {}", record.name);
        let body = json!({ "subdomain": credentials.subdomain, "txt": record.value }).to_string().into();
        let keys = [("X-Api-User", credentials.username.as_str()), ("X-Api-Key", &credentials.password)];
        let response = self.post(&doing, "update", &keys, body)?;
        let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
        let taken = answer.is_some_and(|answer| answer["txt"] == record.value.as_str());
        if response.status() == 200 && taken { Ok(()) } else { Err(self.refused(&doing, &response)) }
    }

    fn post(
        self,
        doing: &str,
        path: &str,
        keys: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<http::Response<Vec<u8>>, SolverError> {
        let url = format!("{}/{path}", self.server.trim_end_matches('/'));
        let agent = concat!("acme-solver/", env!("CARGO_PKG_VERSION"));
        let mut request = http::Request::post(url).header(CONTENT_TYPE, "application/json").header(USER_AGENT, agent);
        for (name, key) in keys {
            let mut key = HeaderValue::from_str(key).map_err(|_| self.unusable("the credentials are malformed"))?;
            key.set_sensitive(true);
            request = request.header(*name, key);
        }
        let request = request.body(body).map_err(|_| self.unusable("this is not the URL of a server"))?;
        let limits = Limits { body: MAX_ANSWER, ..Limits::default() };
        self.transport.send(request, limits).map_err(|why| {
            let message = format!("acme-dns at {} cannot {doing}: {why}", self.server);
            SolverError::with_source(
                message,
                "check the URL of acme-dns, and that its API can be reached from here",
                why,
            )
        })
    }

    fn unusable(self, why: &str) -> SolverError {
        let advice = "give its URL such as https://auth.example.org, and the credentials as the registration gave them";
        SolverError::new(format!("acme-dns at {} cannot be used: {why}", self.server), advice)
    }

    /// The words are those of acme-dns; an answer without one is not of acme-dns.
    fn refused(self, doing: &str, response: &http::Response<Vec<u8>>) -> SolverError {
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let word = answer["error"].as_str();
        let excerpt: String = match word {
            Some(word) => word.chars().take(EXCERPT).collect(),
            None => String::from_utf8_lossy(response.body()).chars().take(EXCERPT).collect(),
        };
        let status = response.status().as_u16();
        let advice = match (status, word) {
            (401, _) => {
                "see that the credentials are those of this server, and that it lets this computer change them (allowfrom); \
                 else register again and change the CNAME"
            }
            (_, Some("invalid_allowfrom_cidr")) => "give networks as 192.0.2.0/24 or 2001:db8::/32",
            (404 | 405, _) => "see that this is the URL of the API of acme-dns, and that it allows registration",
            (500.., _) => "try again later, or look into the log of acme-dns",
            _ => "see that this is the URL of the API of acme-dns, without a path that it does not have",
        };
        let message = format!("acme-dns at {} does not {doing}: status {status}, {excerpt:?}", self.server);
        SolverError::new(message, advice)
    }
}

/// A name that can stand in a zone file.
fn is_host_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 253 && name.chars().all(fits)
}
