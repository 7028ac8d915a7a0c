//! How the CA behaves, by name: what the protocol leaves open, and later what it forbids.

use std::time::Duration;

/// One way in which the CA can differ from its plain self. Of two values of the same behaviour, the later counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Behaviour {
    /// This percentage of good nonces, 0 to 100, is refused with `badNonce` (RFC 8555 §6.5). Default: 0.
    NonceRejection(u8),
    /// With this chance in percent, 0 to 100, a valid authorization of the account is used again in a new order, which
    /// may so be `ready` at once (RFC 8555 §7.1.3). Default: 0.
    AuthorizationReuse(u8),
    /// What `Retry-After` says while an order is `processing`, in whole seconds (RFC 8555 §7.4). Default: 0 s, so
    /// that tests are fast.
    RetryAfter(Duration),
    /// Whether the directory names terms of service and newAccount insists on their being agreed to (RFC 8555 §7.3).
    /// Default: true.
    TermsOfService(bool),
}

/// The behaviours of one CA.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviours(Vec<Behaviour>);

impl Behaviours {
    pub(crate) fn set(&mut self, behaviour: Behaviour) {
        self.0.push(behaviour);
    }

    pub(crate) fn nonce_rejection(&self) -> u8 {
        self.last(|one| if let Behaviour::NonceRejection(percent) = one { Some(percent) } else { None }).unwrap_or(0)
    }

    pub(crate) fn authorization_reuse(&self) -> u8 {
        self.last(|one| if let Behaviour::AuthorizationReuse(percent) = one { Some(percent) } else { None })
            .unwrap_or(0)
    }

    pub(crate) fn retry_after(&self) -> Duration {
        self.last(|one| if let Behaviour::RetryAfter(pause) = one { Some(pause) } else { None }).unwrap_or_default()
    }

    pub(crate) fn terms(&self) -> bool {
        self.last(|one| if let Behaviour::TermsOfService(on) = one { Some(on) } else { None }).unwrap_or(true)
    }

    fn last<T>(&self, value: impl Fn(Behaviour) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|one| value(*one))
    }
}
