//! The states of resources (RFC 8555 §7.1.6). A state we do not know is kept, never an error.

use std::fmt;

use serde::Deserialize;

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(from = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A state that is not known here.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($wire => Self::$variant,)*
                    _ => Self::Other(word),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

status! {
    /// The state of an account (RFC 8555 §7.1.2).
    AccountStatus {
        /// In use.
        Valid = "valid",
        /// Given up by its holder. Final.
        Deactivated = "deactivated",
        /// Given up by the CA. Final.
        Revoked = "revoked",
    }
}

status! {
    /// The state of an order (RFC 8555 §7.1.3).
    OrderStatus {
        /// Authorizations are missing.
        Pending = "pending",
        /// All authorizations are there: finalize.
        Ready = "ready",
        /// The certificate is being made.
        Processing = "processing",
        /// The certificate can be downloaded.
        Valid = "valid",
        /// Nothing will come of it.
        Invalid = "invalid",
        /// An auto-renewing order that was ended (RFC 8739 §3.1.2).
        Canceled = "canceled",
    }
}

status! {
    /// The state of an authorization (RFC 8555 §7.1.4).
    AuthorizationStatus {
        /// A challenge must be met.
        Pending = "pending",
        /// Control of the identifier is proven.
        Valid = "valid",
        /// A challenge failed.
        Invalid = "invalid",
        /// Given up by the client.
        Deactivated = "deactivated",
        /// Too old.
        Expired = "expired",
        /// Given up by the CA.
        Revoked = "revoked",
    }
}

status! {
    /// The state of a challenge (RFC 8555 §7.1.6).
    ChallengeStatus {
        /// Not answered yet.
        Pending = "pending",
        /// Being looked at; an error shown now is not final (RFC 8555 §8.2).
        Processing = "processing",
        /// Met.
        Valid = "valid",
        /// Failed.
        Invalid = "invalid",
    }
}
