//! email-reply-00: an answer by mail (RFC 8823).

use std::fmt;

use acme_jose::Thumbprint;

use crate::{Challenge, KeyAuthorization, ProofError, Token, TokenError};

/// What the challenge itself says; the other half of the token comes by mail (RFC 8823 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailReply00 {
    /// The address the CA's mail comes from. A mail from elsewhere must not be answered.
    pub from: String,
    /// The second part of the token.
    pub token_part2: Token,
}

impl EmailReply00 {
    pub(crate) fn read(challenge: &Challenge) -> Result<Self, ProofError> {
        let from = challenge.member("from").and_then(|value| value.as_str()).unwrap_or_default();
        match is_address(from) {
            true => Ok(Self { from: from.to_owned(), token_part2: challenge.required_token()? }),
            false => Err(ProofError::Sender(from.chars().take(80).collect())),
        }
    }

    /// The key authorization of the whole token, first part before second (RFC 8823 §3).
    pub fn key_authorization(&self, part1: &TokenPart1, thumbprint: &Thumbprint) -> KeyAuthorization {
        KeyAuthorization::of_parts(part1, &self.token_part2, thumbprint)
    }

    /// The subject of the answer (RFC 8823 §3.2).
    pub fn reply_subject(part1: &TokenPart1) -> String {
        format!("Re: ACME: {part1}")
    }

    /// The text of the answer, with the line ends of mail (RFC 8823 §3.2).
    pub fn reply_body(key_authorization: &KeyAuthorization) -> String {
        let digest = key_authorization.dns_txt();
        format!("-----BEGIN ACME RESPONSE-----\r\n{digest}\r\n-----END ACME RESPONSE-----\r\n")
    }

    pub(crate) fn describe(&self) -> String {
        let Self { from, token_part2 } = self;
        format!(
            "wait for a mail from {from} with the subject \"ACME: …\", check that it is signed by that domain, and \
             answer it with the digest of the token in its subject followed by\n\n    {token_part2}"
        )
    }
}

/// The first part of the token, which comes by mail (RFC 8823 §3.1): base64url text, perhaps with padding behind it, which
/// belongs to the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPart1(String);

impl TokenPart1 {
    /// The part from the subject of the CA's mail, `ACME: …`, decoded where it was encoded (RFC 2047). White space from
    /// folding is left out (RFC 8823 §3.1).
    ///
    /// # Errors
    /// When the subject is not of that form or the token is not base64url text.
    pub fn from_subject(subject: &str) -> Result<Self, TokenError> {
        let (_, part1) = subject.split_once("ACME:").unwrap_or_default();
        let text: String = part1.split_whitespace().collect();
        let unpadded = text.strip_suffix('=').unwrap_or(&text);
        Token::parse(unpadded.strip_suffix('=').unwrap_or(unpadded))?;
        Ok(Self(text))
    }
}

impl fmt::Display for TokenPart1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text can be the address in a mail's header: it goes into ours.
fn is_address(text: &str) -> bool {
    let clean = !text.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c));
    clean && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
