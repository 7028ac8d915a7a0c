//! Orders that renew by themselves (RFC 8739). Unproven against public CAs.

use acme_proto::CertValidity;

use crate::account::Account;
use crate::error::Error;
use crate::operation::Operation;
use crate::order::PlacedOrder;
use crate::request::KeyUse;

impl Account {
    /// Ends the renewal of a valid order (RFC 8739 §3.1.2).
    ///
    /// # Errors
    /// Before anything is sent, when the order does not renew or is not `valid`; what the CA refuses.
    pub fn cancel(&self, placed: &PlacedOrder) -> Result<PlacedOrder, Error> {
        let (operation, url) = (Operation::Order, &placed.url);
        let message = placed.order.cancel().map_err(|error| Error::not_sent(operation, url, error))?;
        let payload = self.payload(&message, operation, url)?;
        let response = self.post(url, KeyUse::Account, &payload, operation)?.success(operation)?;
        self.placed(url.clone(), &response, operation)
    }

    /// The latest certificate of an order that renews, as PEM, and its life where the CA tells it (RFC 8739 §3.3). By a
    /// plain GET where the order allows it (§3.4).
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn star_certificate(&self, placed: &PlacedOrder) -> Result<(String, Option<CertValidity>), Error> {
        let operation = Operation::Certificate;
        let url = placed.certificate_url()?;
        let plain = placed.order.auto_renewal.as_ref().is_some_and(|star| star.allow_certificate_get);
        let response = match plain {
            true => self.get(url, operation)?.success(operation)?,
            false => self.read(url, operation)?,
        };
        let validity = response.header("cert-not-before").zip(response.header("cert-not-after"));
        let validity = validity.and_then(|(start, end)| CertValidity::parse(start, end));
        Ok((self.chain_text(&response)?, validity))
    }
}
