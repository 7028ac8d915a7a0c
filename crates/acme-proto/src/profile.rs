//! Profiles: which kind of certificate is asked for (draft-ietf-acme-profiles).

use thiserror::Error;

use crate::Meta;

/// A profile somebody chose by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileChoice {
    /// Ask for it where the CA offers it, else do without.
    Preferred(String),
    /// Ask for it, or do not order at all.
    Required(String),
}

impl ProfileChoice {
    /// What to send as `profile`: never a name the CA does not offer (draft-ietf-acme-profiles §4). `None` when a
    /// preferred one is dropped; tell the person who chose it.
    ///
    /// # Errors
    /// When a required one is not offered.
    pub fn decide(&self, meta: &Meta) -> Result<Option<&str>, ProfileError> {
        let (Self::Preferred(name) | Self::Required(name)) = self;
        match self {
            _ if meta.profiles.contains_key(name) => Ok(Some(name)),
            Self::Preferred(_) => Ok(None),
            Self::Required(_) => {
                Err(ProfileError { name: name.clone(), offered: meta.profiles.keys().cloned().collect() })
            }
        }
    }
}

/// A required profile that the CA does not offer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the CA does not offer the profile {name:?}; it offers {}", if offered.is_empty() { "none".to_owned() } else { offered.join(", ") })]
pub struct ProfileError {
    name: String,
    offered: Vec<String>,
}
