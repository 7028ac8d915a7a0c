//! Short-lived certificates that the CA renews by itself: STAR (RFC 8739). Unproven against public CAs.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Order, OrderStatus, StatusChange, Timestamp, lenient};

/// How a CA renews (RFC 8739 §3.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AutoRenewal {
    /// When the first certificate begins; at once when it is not set.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    /// When the last one ends.
    pub end_date: Timestamp,
    /// How long each one lives, in seconds.
    pub lifetime: u64,
    /// How much earlier than its predecessor's end each one begins, in seconds.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub lifetime_adjust: Option<u64>,
    /// Whether they may be had by a plain GET (RFC 8739 §3.4).
    #[serde(default, deserialize_with = "lenient::or_default", skip_serializing_if = "std::ops::Not::not")]
    pub allow_certificate_get: bool,
}

impl AutoRenewal {
    /// Whether a CA says it would take this at `now`.
    ///
    /// # Errors
    /// What it would not take.
    pub fn check(&self, limits: &AutoRenewalLimits, now: SystemTime) -> Result<(), AutoRenewalError> {
        if let Some(least) = limits.min_lifetime.filter(|least| self.lifetime < *least) {
            return Err(AutoRenewalError::Lifetime { asked: self.lifetime, least });
        }
        let start = self.start_date.as_ref().map_or(now, Timestamp::time);
        let asked = self.end_date.time().duration_since(start).map_err(|_| AutoRenewalError::EndsBeforeStart)?;
        match limits.max_duration {
            Some(most) if asked > Duration::from_secs(most) => {
                Err(AutoRenewalError::Duration { asked: asked.as_secs(), most })
            }
            _ => Ok(()),
        }
    }
}

/// What a CA's directory says of automatic renewal (RFC 8739 §3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct AutoRenewalLimits {
    /// The shortest life of a certificate, in seconds.
    #[serde(deserialize_with = "lenient::optional")]
    pub min_lifetime: Option<u64>,
    /// The longest time from the first certificate's start to the last one's end, in seconds.
    #[serde(deserialize_with = "lenient::optional")]
    pub max_duration: Option<u64>,
    /// Whether certificates may be had by a plain GET (RFC 8739 §3.4).
    #[serde(deserialize_with = "lenient::or_default")]
    pub allow_certificate_get: bool,
}

/// Why an automatic renewal would be refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AutoRenewalError {
    /// The certificates would be too short-lived.
    #[error("certificates of {asked} seconds are asked for, and the CA makes none below {least}")]
    Lifetime {
        /// The lifetime asked for, in seconds.
        asked: u64,
        /// The CA's shortest.
        least: u64,
    },
    /// It would go on for too long.
    #[error("renewal for {asked} seconds is asked for, and the CA does it for {most} at most; set an earlier end-date")]
    Duration {
        /// The time asked for, in seconds.
        asked: u64,
        /// The CA's longest.
        most: u64,
    },
    /// There is nothing to renew.
    #[error("the renewal would end before it starts; set a later end-date")]
    EndsBeforeStart,
}

impl Order {
    /// The message that ends the renewal of an order (RFC 8739 §3.1.2).
    ///
    /// # Errors
    /// [`NotCancelable`], when the order does not renew or is not `valid`: the CA must not be asked then.
    pub fn cancel(&self) -> Result<StatusChange, NotCancelable> {
        let renews = self.auto_renewal.is_some() || self.star_certificate.is_some();
        match renews && self.status == OrderStatus::Valid {
            true => Ok(StatusChange::Canceled),
            false => Err(NotCancelable { status: self.status.to_string(), renews }),
        }
    }

    /// Whether its certificates can be revoked; those of an auto-renewing order cannot, the order is cancelled instead
    /// (RFC 8739 §3.1.2).
    pub fn is_revocable(&self) -> bool {
        self.auto_renewal.is_none() && self.star_certificate.is_none()
    }
}

/// An order that cannot be cancelled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("only a valid order that renews by itself can be cancelled; this one {} and is {status}", if *renews { "does" } else { "does not" })]
pub struct NotCancelable {
    status: String,
    renews: bool,
}

/// The life of the certificate that came with an answer, as its headers tell it (RFC 8739 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertValidity {
    /// `Cert-Not-Before`.
    pub not_before: SystemTime,
    /// `Cert-Not-After`.
    pub not_after: SystemTime,
}

impl CertValidity {
    /// Reads the values of `Cert-Not-Before` and `Cert-Not-After`. `None` when one is not a date, or the second is not
    /// after the first.
    pub fn parse(not_before: &str, not_after: &str) -> Option<Self> {
        let (not_before, not_after) = (http_date(not_before)?, http_date(not_after)?);
        (not_before < not_after).then_some(Self { not_before, not_after })
    }

    /// When the next certificate is there at the latest: at half of this one's life (RFC 8739 §3.3).
    pub fn next_fetch(&self) -> SystemTime {
        self.not_before + self.not_after.duration_since(self.not_before).unwrap_or_default() / 2
    }
}

/// An HTTP-date; also with one digit for the day, as an early text of RFC 8739 showed it.
fn http_date(value: &str) -> Option<SystemTime> {
    let value = value.trim();
    let padded = || httpdate::parse_http_date(&value.replacen(", ", ", 0", 1));
    httpdate::parse_http_date(value).or_else(|_| padded()).ok()
}
