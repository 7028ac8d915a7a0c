//! `issuer; tag=value; …`: the form of CAA values and of dns-persist-01 records (RFC 8659 §4.2).

use std::fmt;

/// An issue-value, well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssueValue {
    /// The issuer's domain name, in lower case; empty where nobody may issue.
    pub(crate) issuer: String,
    /// The parameters as they were written, in order.
    pub(crate) parameters: Vec<(String, String)>,
}

impl IssueValue {
    pub(crate) fn new(issuer: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
        Self { issuer: issuer.to_owned(), parameters }
    }

    /// Reads a value. `None` when it is not of the form; an empty parameter, as behind a last `;`, is not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (issuer, rest) = text.split_once(';').unwrap_or((text, ""));
        let issuer = trim(issuer).to_ascii_lowercase();
        let parameters = match trim(rest) {
            "" => Vec::new(),
            rest => rest.split(';').map(parameter).collect::<Option<_>>()?,
        };
        (issuer.is_empty() || is_host_name(&issuer)).then_some(Self { issuer, parameters })
    }

    /// The value of a parameter; tags match in any case (RFC 8659 §4.2).
    ///
    /// # Errors
    /// When it stands there twice: such a value permits nothing (RFC 8657 §3).
    pub(crate) fn parameter(&self, tag: &str) -> Result<Option<&str>, Duplicate> {
        let mut found = self.parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case(tag));
        match (found.next(), found.next()) {
            (first, None) => Ok(first.map(|(_, value)| value.as_str())),
            (_, Some(_)) => Err(Duplicate),
        }
    }
}

impl fmt::Display for IssueValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.issuer)?;
        self.parameters.iter().try_for_each(|(tag, value)| write!(f, "; {tag}={value}"))
    }
}

/// A parameter stands there twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate;

/// Whether a text can be the value of a parameter: visible ASCII without `;`.
pub(crate) fn is_value(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b';')
}

/// Whether a text is a domain name in A-labels, lower case, without a dot at the end.
pub(crate) fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (trim(tag), trim(value));
    let good_tag = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !tag.is_empty()
        && !tag.starts_with('-')
        && !tag.ends_with('-');
    (good_tag && is_value(value)).then(|| (tag.to_owned(), value.to_owned()))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
