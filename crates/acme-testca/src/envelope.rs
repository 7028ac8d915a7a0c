//! The signed envelope of every POST: what makes it count, and which clause it breaks (RFC 8555 §6).

use acme_jose::{Algorithm, JsonError, Jwk, Jws, JwsError, ParsedAlgorithm, ParsedHeader, ParsedKeyId};
use serde_json::{Map, Value};

use crate::ca::Ca;
use crate::http::Incoming;
use crate::problem::{ErrorType, Problem};
use crate::state::{Id, State, Status};
use crate::{Resource, account};

/// A JWS whose nonce is spent and whose signature nobody has checked yet: [`by_account`](Self::by_account) and
/// [`by_key`](Self::by_key) do, and only then give its payload.
pub(crate) struct Envelope {
    jws: Jws,
    header: ParsedHeader,
    /// Where it was sent.
    url: String,
}

impl Envelope {
    /// Opens the body of a POST.
    pub(crate) fn open(ca: &Ca, state: &mut State, request: &Incoming) -> Result<Self, Problem> {
        content_type(request)?;
        let jws = Jws::from_json(&request.body).map_err(refusal)?;
        let header = jws.header().map_err(refusal)?;
        if let ParsedAlgorithm::Mac(mac) = header.algorithm {
            return Err(bad_algorithm(format!("found {mac}, which is a MAC")).breaking("RFC 8555 §6.2"));
        }
        state.spend(header.nonce.as_deref())?;
        Ok(Self { jws, header, url: ca.routes.absolute(&request.path) })
    }

    /// Its payload, signed by the account that `kid` names (RFC 8555 §6.2).
    pub(crate) fn by_account(self, ca: &Ca, state: &State) -> Result<(Id, Payload), Problem> {
        let ParsedKeyId::Kid(kid) = &self.header.key else {
            return Err(Problem::malformed("found jwk, expected kid").breaking("RFC 8555 §6.2"));
        };
        let account = ca.routes.id_in(Resource::Account, kid).and_then(|id| state.accounts.get_key_value(id));
        let Some((id, account)) = account else {
            let detail = format!("kid {kid:?} is not the URL of an account here");
            return Err(Problem::new(ErrorType::AccountDoesNotExist, detail));
        };
        self.verify(&account.key)?;
        if account.status != Status::Valid {
            return Err(account::deactivated(state));
        }
        Ok((id.clone(), self.into_payload()))
    }

    /// Its payload, signed by the key in `jwk` (RFC 8555 §6.2).
    pub(crate) fn by_key(self) -> Result<(Jwk, Payload), Problem> {
        let ParsedKeyId::Jwk(key) = self.header.key.clone() else {
            return Err(Problem::malformed("found kid, expected jwk").breaking("RFC 8555 §6.2"));
        };
        self.verify(&key)?;
        Ok((key, self.into_payload()))
    }

    /// Whether `jwk` says whose it is, where both ways are allowed.
    pub(crate) fn shows_key(&self) -> bool {
        matches!(self.header.key, ParsedKeyId::Jwk(_))
    }

    fn verify(&self, key: &Jwk) -> Result<(), Problem> {
        self.jws.verify(key).map_err(|error| Problem::malformed(error.to_string()).breaking("RFC 8555 §6.2"))?;
        check_url(&self.header, &self.url)
    }

    fn into_payload(self) -> Payload {
        Payload { octets: self.jws.payload(), url: self.url }
    }
}

/// A payload whose signature is good.
pub(crate) struct Payload {
    pub(crate) octets: Vec<u8>,
    /// Where it was sent.
    pub(crate) url: String,
}

impl Payload {
    /// Whether it is a POST-as-GET (RFC 8555 §6.3).
    pub(crate) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Insists on a POST-as-GET.
    pub(crate) fn nothing(&self) -> Result<(), Problem> {
        if self.is_empty() {
            return Ok(());
        }
        Err(Problem::malformed("found a payload, expected a POST-as-GET, whose payload is empty")
            .breaking("RFC 8555 §6.3"))
    }

    /// The JSON object it holds.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Problem> {
        serde_json::from_slice(&self.octets)
            .map_err(|error| Problem::malformed(format!("the payload is not a JSON object: {error}")))
    }
}

/// The `url` of a protected header must be where the message was sent (RFC 8555 §6.4).
pub(crate) fn check_url(header: &ParsedHeader, url: &str) -> Result<(), Problem> {
    match &header.url {
        Some(signed) if signed == url => Ok(()),
        Some(signed) => {
            Err(Problem::unauthorized(format!("signed for {signed}, sent to {url}")).breaking("RFC 8555 §6.4"))
        }
        None => Err(Problem::malformed("the protected header has no url").breaking("RFC 8555 §6.4")),
    }
}

/// What is wrong with a JWS, in the words of a problem.
pub(crate) fn refusal(error: JwsError) -> Problem {
    let detail = error.to_string();
    match error {
        JwsError::UnknownAlgorithm(_) => bad_algorithm(detail),
        JwsError::Jwk(_) => Problem::new(ErrorType::BadPublicKey, detail),
        JwsError::Json(JsonError::Base64Url { .. }) => Problem::malformed(detail).breaking("RFC 8555 §6.1"),
        _ => Problem::malformed(detail).breaking("RFC 8555 §6.2"),
    }
}

fn bad_algorithm(detail: String) -> Problem {
    let known = [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256];
    let known = known.iter().map(|algorithm| Value::from(algorithm.name())).collect();
    Problem::new(ErrorType::BadSignatureAlgorithm, detail).with("algorithms", known)
}

/// One media type, without parameters (RFC 8555 §6.2).
fn content_type(request: &Incoming) -> Result<(), Problem> {
    match request.header("Content-Type") {
        Some("application/jose+json") => Ok(()),
        found => {
            let detail = format!("found the content type {found:?}, expected application/jose+json");
            Err(Problem::malformed(detail).status(415).breaking("RFC 8555 §6.2"))
        }
    }
}
