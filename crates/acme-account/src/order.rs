//! Orders, authorizations, challenges: one call for each message (RFC 8555 §7.4, §7.5).

use std::collections::BTreeSet;
use std::time::Duration;

use acme_jose::Payload;
use acme_proto::{
    Authorization, Challenge, Finalize, Identifier, NewAuthz, NewOrder, Order, ProblemType, Resource, StatusChange,
};

use crate::Event;
use crate::Response;
use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::request::KeyUse;
use crate::unchanged::unchanged;

/// More alternate chains than this are not asked for.
const MAX_ALTERNATES: usize = 10;

/// An order with more authorizations is not worked on: each takes requests. Public CAs allow for 100 names.
const MAX_AUTHORIZATIONS: usize = 1000;

/// An order, and where it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlacedOrder {
    /// Its URL: all that is needed to go on with it later.
    pub url: String,
    /// The order as the CA showed it last.
    pub order: Order,
    /// How long the CA asked us to wait before looking again, at most a day.
    pub retry_after: Option<Duration>,
}

impl PlacedOrder {
    /// Where the certificate is.
    ///
    /// # Errors
    /// When the order does not say: a valid one must (RFC 8555 §7.1.3).
    pub fn certificate_url(&self) -> Result<&str, Error> {
        self.order.certificate_url().ok_or_else(|| {
            let why = format!("the order is {} but names no certificate", self.order.status);
            Error::new(Operation::Order, &self.url, ErrorKind::Unusable { why, excerpt: String::new() })
        })
    }
}

/// An authorization, and where it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlacedAuthorization {
    /// Its URL.
    pub url: String,
    /// The authorization as the CA showed it last.
    pub authorization: Authorization,
}

impl Account {
    /// Places an order (RFC 8555 §7.4). The CA may answer with one that stands already.
    ///
    /// `replaces` is a hint: it is left out where the CA gives no renewal information (RFC 9773 §5), and when an order with
    /// it is refused the same order is placed once without it.
    ///
    /// An order whose answer was lost is looked for in the account's list, where the CA has one, and placed once more when it
    /// is not there: an order that nobody goes on with does little harm, and some CAs answer with the same one again.
    ///
    /// # Errors
    /// What the CA refuses; parts that do not fit together; an answer without a URL, or for other identifiers than asked
    /// for. When [it may have been carried out](Error::may_have_been_carried_out), no answer came to either attempt.
    pub fn new_order(&self, order: &NewOrder) -> Result<PlacedOrder, Error> {
        order.check().map_err(|error| Error::not_sent(Operation::NewOrder, &self.directory_url, error))?;
        let without = || NewOrder { replaces: None, ..order.clone() };
        if order.replaces.is_none() {
            return self.place_surely(order);
        }
        if self.directory()?.renewal_info.is_none() {
            return self.place_surely(&without());
        }
        match self.place_surely(order) {
            Err(error) if may_be_about_replaces(&error) => {
                self.observer.event(&Event::ReplacesRefused { why: &error.to_string() });
                self.place_surely(&without())
            }
            outcome => outcome,
        }
    }

    pub(crate) fn place(&self, order: &NewOrder) -> Result<PlacedOrder, Error> {
        let operation = Operation::NewOrder;
        let url = self.resource(Resource::NewOrder.name(), operation)?;
        let payload = self.payload(order, operation, &url)?;
        let response = self.post(&url, KeyUse::Account, &payload, operation)?.success(operation)?;
        let location = response.location().ok_or_else(|| response.unusable(operation, "it names no order URL"))?;
        let placed = self.placed(location, &response, operation)?;
        if !same_identifiers(&placed.order.identifiers, &order.identifiers) {
            return Err(response.unusable(operation, "the order is for other identifiers than asked for"));
        }
        Ok(placed)
    }

    /// Reads an order.
    ///
    /// # Errors
    /// What the CA refuses: an order it has forgotten, for one.
    pub fn order(&self, url: &str) -> Result<PlacedOrder, Error> {
        let response = self.read(url, Operation::Order)?;
        self.placed(url.to_owned(), &response, Operation::Order)
    }

    pub(crate) fn placed(&self, url: String, response: &Response, operation: Operation) -> Result<PlacedOrder, Error> {
        let order: Order = response.json(operation)?;
        if order.authorizations.len() > MAX_AUTHORIZATIONS {
            let why = format!("it has {} authorizations, more than {MAX_AUTHORIZATIONS}", order.authorizations.len());
            return Err(response.unusable(operation, why));
        }
        self.observer.event(&Event::Order { url: &url, status: &order.status });
        Ok(PlacedOrder { url, order, retry_after: response.retry_after() })
    }

    /// The same of an order that was seen before.
    pub(crate) fn placed_again(
        &self,
        before: &PlacedOrder,
        response: &Response,
        operation: Operation,
    ) -> Result<PlacedOrder, Error> {
        unchanged(before, self.placed(before.url.clone(), response, operation)?)
    }

    /// Asks for an authorization before there is an order (RFC 8555 §7.4.1).
    ///
    /// # Errors
    /// [`ErrorKind::NotOffered`] where the CA does not do that; what the CA refuses.
    pub fn new_authz(&self, identifier: &Identifier) -> Result<PlacedAuthorization, Error> {
        self.pre_authorize(identifier, &NewAuthz::new(identifier))
    }

    /// Asks for an authorization that serves for the names below a domain too (RFC 9444 §4.2). Unproven against public
    /// CAs.
    ///
    /// # Errors
    /// As [`new_authz`](Self::new_authz).
    pub fn new_authz_with_subdomains(&self, identifier: &Identifier) -> Result<PlacedAuthorization, Error> {
        self.pre_authorize(identifier, &NewAuthz::with_subdomains(identifier))
    }

    fn pre_authorize(&self, identifier: &Identifier, message: &NewAuthz) -> Result<PlacedAuthorization, Error> {
        let operation = Operation::NewAuthz;
        let url = self.resource(Resource::NewAuthz.name(), operation)?;
        if identifier.is_wildcard() {
            let why = format!("{identifier} cannot be authorized before there is an order (RFC 8555 §7.4.1)");
            return Err(Error::not_sent(operation, url, why));
        }
        let payload = self.payload(message, operation, &url)?;
        let response = self.post(&url, KeyUse::Account, &payload, operation)?.success(operation)?;
        let location =
            response.location().ok_or_else(|| response.unusable(operation, "it names no authorization URL"))?;
        self.placed_authorization(&location, &response, operation)
    }

    /// Asks for an authorization of a domain name before there is an order (RFC 8555 §7.4.1).
    ///
    /// # Errors
    /// When it is not a name; else as [`new_authz`](Self::new_authz).
    pub fn new_dns_authz(&self, name: &str) -> Result<PlacedAuthorization, Error> {
        let refuse = |error| Error::not_sent(Operation::NewAuthz, &self.directory_url, error);
        self.new_authz(&Identifier::parse(name).map_err(refuse)?)
    }

    /// Reads an authorization (RFC 8555 §7.5).
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn authorization(&self, url: &str) -> Result<PlacedAuthorization, Error> {
        let response = self.read(url, Operation::Authorization)?;
        self.placed_authorization(url, &response, Operation::Authorization)
    }

    pub(crate) fn placed_authorization(
        &self,
        url: &str,
        response: &Response,
        operation: Operation,
    ) -> Result<PlacedAuthorization, Error> {
        let authorization: Authorization = response.json(operation)?;
        let identifier = authorization.ordered_identifier();
        self.observer.event(&Event::Authorization { identifier: &identifier, status: &authorization.status });
        Ok(PlacedAuthorization { url: url.to_owned(), authorization })
    }

    /// Gives an authorization up (RFC 8555 §7.5.2).
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn deactivate_authorization(&self, url: &str) -> Result<PlacedAuthorization, Error> {
        let operation = Operation::Authorization;
        let payload = self.payload(&StatusChange::Deactivated, operation, url)?;
        let response = self.post(url, KeyUse::Account, &payload, operation)?.success(operation)?;
        self.placed_authorization(url, &response, operation)
    }

    /// Tells the CA that the answer to a challenge is in place (RFC 8555 §7.5.1).
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn respond(&self, challenge: &Challenge) -> Result<Challenge, Error> {
        self.tell(challenge)?.json(Operation::Challenge)
    }

    pub(crate) fn tell(&self, challenge: &Challenge) -> Result<Response, Error> {
        let operation = Operation::Challenge;
        self.post(&challenge.url, KeyUse::Account, &Payload::EmptyObject, operation)?.success(operation)
    }

    /// Sends the request for the certificate, PKCS#10 in DER (RFC 8555 §7.4). Once for each order.
    ///
    /// # Errors
    /// What the CA refuses: `orderNotReady` means that the order must be read again.
    pub fn finalize(&self, placed: &PlacedOrder, csr_der: &[u8]) -> Result<PlacedOrder, Error> {
        let response = self.send_finalize(placed, csr_der)?;
        self.placed_again(placed, &response, Operation::Finalize)
    }

    pub(crate) fn send_finalize(&self, placed: &PlacedOrder, csr_der: &[u8]) -> Result<Response, Error> {
        let operation = Operation::Finalize;
        if self.is_own_key_in(csr_der) {
            let why = "the request is for the account's own key: make another one for the certificate (RFC 8555 §11.1)";
            return Err(Error::not_sent(operation, &placed.url, why));
        }
        let missing = || Error::not_sent(operation, &placed.url, "the order has no finalize URL");
        let url = placed.order.finalize.as_deref().ok_or_else(missing)?;
        let payload = self.payload(&Finalize::new(csr_der), operation, url)?;
        self.observer.event(&Event::Finalizing { url: &placed.url });
        self.post(url, KeyUse::Account, &payload, operation)?.success(operation)
    }

    /// Whether a request carries the account's public key. A DER request holds it byte for byte.
    fn is_own_key_in(&self, csr_der: &[u8]) -> bool {
        let own = self.key().public_key().to_spki_der().unwrap_or_default();
        !own.is_empty() && csr_der.windows(own.len()).any(|part| part == own)
    }

    /// Downloads a certificate chain as PEM, as the CA sent it (RFC 8555 §7.4.2). What is in it is not looked at.
    ///
    /// # Errors
    /// What the CA refuses; a body of another media type.
    pub fn download(&self, url: &str) -> Result<String, Error> {
        self.chain_text(&self.read(url, Operation::Certificate)?)
    }

    /// Downloads all chains that the CA offers for a certificate, its own choice first (RFC 8555 §7.4.2). acme-x509's
    /// `ChainPreference` chooses among them.
    ///
    /// # Errors
    /// As [`download`](Self::download), for any of them; an alternate chain for another certificate.
    pub fn download_all(&self, url: &str) -> Result<Vec<String>, Error> {
        let response = self.read(url, Operation::Certificate)?;
        let mut chains = vec![self.chain_text(&response)?];
        for alternate in response.links("alternate").into_iter().take(MAX_ALTERNATES) {
            let response = self.read(&alternate, Operation::Certificate)?;
            let chain = self.chain_text(&response)?;
            if !same_leaf(&chain, &chains[0]) {
                return Err(response.unusable(Operation::Certificate, "the alternate chain is for another certificate"));
            }
            if !chains.contains(&chain) {
                chains.push(chain);
            }
        }
        Ok(chains)
    }

    pub(crate) fn chain_text(&self, response: &Response) -> Result<String, Error> {
        let unusable = |why: String| response.unusable(Operation::Certificate, why);
        match response.media_type().as_str() {
            "application/pem-certificate-chain" | "" => {}
            other => return Err(unusable(format!("it is {other:?}, not a certificate chain"))),
        }
        self.observer.event(&Event::Downloaded { url: response.url() });
        String::from_utf8(response.body().to_vec()).map_err(|_| unusable("it is not text".to_owned()))
    }
}

/// Whether these are the same, in any sequence.
pub(crate) fn same_identifiers(some: &[Identifier], others: &[Identifier]) -> bool {
    some.iter().collect::<BTreeSet<_>>() == others.iter().collect()
}

/// Whether two chains begin with the same certificate, however their lines end.
fn same_leaf(chain: &str, other: &str) -> bool {
    let first = |text: &str| text.split("-----END").next().unwrap_or_default().split_whitespace().collect::<String>();
    first(chain) == first(other)
}

/// Whether an order may go well without `replaces` (RFC 9773 §5): CAs refuse one they do not like in many ways, as
/// 400, 403, 404 and 409, and as 500 (Pebble 2.10.1). A 500 that is no problem document is a gateway's; a type that names
/// something else, a limit or an identifier, is about that.
fn may_be_about_replaces(error: &Error) -> bool {
    use ProblemType::{AlreadyReplaced, Conflict, Malformed, Other, ServerInternal, Unauthorized};
    error.refusal().is_some_and(|refusal| {
        matches!(refusal.status, 400 | 403 | 404 | 409 | 500)
            && matches!(
                refusal.problem.kind,
                AlreadyReplaced | Conflict | Malformed | Other(_) | ServerInternal | Unauthorized
            )
    })
}
