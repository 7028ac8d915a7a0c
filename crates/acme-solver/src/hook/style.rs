//! Whose hooks: the client that a hook program was written for.

use std::fmt;
use std::str::FromStr;

use acme_proto::ChallengeType;
use thiserror::Error;

/// The client that a hook program was written for, and so how it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Style {
    /// Ours: `present` or `clean-up`, the type and the identifier as arguments; all else in `LUACME_*` and as JSON.
    Luacme,
    /// uacme's `--hook`.
    Uacme,
    /// lego's DNS provider `exec`.
    Lego,
    /// The same with `EXEC_MODE=RAW`.
    LegoRaw,
    /// dehydrated's `HOOK`.
    Dehydrated,
    /// certbot's `--manual-auth-hook` and `--manual-cleanup-hook`.
    Certbot,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Luacme, Self::Uacme, Self::Lego, Self::LegoRaw, Self::Dehydrated, Self::Certbot];

    /// Its word on a command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Luacme => "luacme",
            Self::Uacme => "uacme",
            Self::Lego => "lego",
            Self::LegoRaw => "lego-raw",
            Self::Dehydrated => "dehydrated",
            Self::Certbot => "certbot",
        }
    }

    /// The challenge types that hooks of this style are called for, the preferred one first, as long as no others are
    /// [set](super::Hook::offering).
    ///
    /// The styles luacme and uacme let a program decline, so they are offered whatever it may know; but not dns-persist-01,
    /// whose record stays: that is for those who ask for it. lego's hooks only do DNS. Those of dehydrated and certbot do what the user of that client has configured, by default http-01, and cannot
    /// decline.
    pub fn offered(self) -> &'static [ChallengeType] {
        use ChallengeType::{Dns01, DnsAccount01, Http01, TlsAlpn01};
        match self {
            Self::Luacme => &[Http01, Dns01, TlsAlpn01, DnsAccount01],
            Self::Uacme => &[Http01, Dns01, TlsAlpn01],
            Self::Lego | Self::LegoRaw => &[Dns01],
            Self::Dehydrated | Self::Certbot => &[Http01, Dns01],
        }
    }

    /// Whether a program that ends with this status when it should present an answer has only declined to.
    pub(super) fn declines(self, status: i32) -> bool {
        match self {
            Self::Luacme => status == 42,
            Self::Uacme => status != 0,
            _ => false,
        }
    }

    /// The variables that only we may set: one from outside would tell the program of another challenge.
    pub(super) fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Luacme => super::luacme::VARIABLES,
            Self::Uacme => &["UACME_METHOD", "UACME_TYPE", "UACME_IDENT", "UACME_TOKEN", "UACME_AUTH"],
            Self::Lego | Self::LegoRaw | Self::Dehydrated => &[],
            Self::Certbot => &[
                "CERTBOT_IDENTIFIER",
                "CERTBOT_DOMAIN",
                "CERTBOT_VALIDATION",
                "CERTBOT_TOKEN",
                "CERTBOT_REMAINING_CHALLENGES",
                "CERTBOT_ALL_IDENTIFIERS",
                "CERTBOT_ALL_DOMAINS",
                "CERTBOT_AUTH_OUTPUT",
            ],
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Style {
    type Err = StyleError;

    fn from_str(word: &str) -> Result<Self, StyleError> {
        let found = Self::ALL.into_iter().find(|style| style.as_str() == word);
        found.ok_or_else(|| StyleError(word.to_owned()))
    }
}

/// A word that is no style of hooks.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is no style of hooks; there are luacme, uacme, lego, lego-raw, dehydrated and certbot")]
pub struct StyleError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_have_words() {
        for style in Style::ALL {
            assert_eq!(style.as_str().parse(), Ok(style));
        }
        let error = "Lego".parse::<Style>().unwrap_err().to_string();
        for style in Style::ALL {
            assert!(error.contains(style.as_str()), "{error}");
        }
    }
}
