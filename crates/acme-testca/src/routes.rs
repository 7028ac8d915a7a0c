//! The CA's URLs: every path segment is random, so that only the directory can tell them (RFC 8555 §7.1.1).

use std::fmt;

use crate::random::Random;

/// A kind of resource (RFC 8555 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// The directory.
    Directory,
    /// Where nonces come from.
    NewNonce,
    /// Where accounts are created and found.
    NewAccount,
    /// Where orders are created.
    NewOrder,
    /// Where identifiers are authorized before they are ordered.
    NewAuthz,
    /// Where certificates are revoked.
    RevokeCert,
    /// Where account keys are changed.
    KeyChange,
    /// An account.
    Account,
    /// The orders of an account.
    Orders,
    /// An order.
    Order,
    /// Where an order is finalized.
    Finalize,
    /// An authorization.
    Authorization,
    /// A challenge.
    Challenge,
    /// A certificate chain, or one of its alternates.
    Certificate,
    /// The renewal information of a certificate (RFC 9773).
    RenewalInfo,
    /// No resource of this CA.
    Unknown,
}

impl Resource {
    /// Those with random paths: all but the directory.
    const NAMED: [Self; 14] = [
        Self::NewNonce,
        Self::NewAccount,
        Self::NewOrder,
        Self::NewAuthz,
        Self::RevokeCert,
        Self::KeyChange,
        Self::Account,
        Self::Orders,
        Self::Order,
        Self::Finalize,
        Self::Authorization,
        Self::Challenge,
        Self::Certificate,
        Self::RenewalInfo,
    ];

    /// The name that RFC 8555 uses, as it stands in the directory where it stands there.
    pub fn name(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::NewNonce => "newNonce",
            Self::NewAccount => "newAccount",
            Self::NewOrder => "newOrder",
            Self::NewAuthz => "newAuthz",
            Self::RevokeCert => "revokeCert",
            Self::KeyChange => "keyChange",
            Self::Account => "account",
            Self::Orders => "orders",
            Self::Order => "order",
            Self::Finalize => "finalize",
            Self::Authorization => "authorization",
            Self::Challenge => "challenge",
            Self::Certificate => "certificate",
            Self::RenewalInfo => "renewalInfo",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there are many of the kind, each with an id of its own.
    fn has_id(self) -> bool {
        use Resource::{KeyChange, NewAccount, NewAuthz, NewNonce, NewOrder, RevokeCert};
        !matches!(self, NewNonce | NewAccount | NewOrder | NewAuthz | RevokeCert | KeyChange)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const DIRECTORY: &str = "/dir";

/// Where each resource is.
pub(crate) struct Routes {
    /// Scheme and authority, without a slash at the end.
    base: String,
    /// The directory's path: `/dir`, or nothing.
    directory: &'static str,
    segments: Vec<(Resource, String)>,
}

impl Routes {
    /// The routes below `base`, scheme and authority; `bare` leaves the directory's URL without a path.
    pub(crate) fn new(base: String, bare: bool, random: &mut Random) -> Self {
        let segments = Resource::NAMED.into_iter().map(|resource| (resource, random.text::<6>())).collect();
        Self { base, directory: if bare { "" } else { DIRECTORY }, segments }
    }

    pub(crate) fn directory(&self) -> String {
        self.absolute(self.directory)
    }

    /// Where the directory is after so many redirects.
    pub(crate) fn directory_after(&self, redirects: u64) -> String {
        self.absolute(&format!("{DIRECTORY}/{redirects}"))
    }

    /// The URL that a path of this CA is.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The URL of a resource of which there is one.
    pub(crate) fn url(&self, resource: Resource) -> String {
        format!("{}/{}", self.base, self.segment(resource))
    }

    /// The URL of one of many.
    pub(crate) fn url_of(&self, resource: Resource, id: &str) -> String {
        format!("{}/{}/{id}", self.base, self.segment(resource))
    }

    /// What is at `path`, and its id, which is empty for resources of which there is one. The id of a directory is how
    /// many redirects led to it.
    pub(crate) fn find<'a>(&self, path: &'a str) -> (Resource, &'a str) {
        if path == DIRECTORY || (path == "/" && self.directory.is_empty()) {
            return (Resource::Directory, "");
        }
        if let Some(redirects) = path.strip_prefix(DIRECTORY).and_then(|rest| rest.strip_prefix('/')) {
            return (Resource::Directory, redirects);
        }
        let (segment, id) = path.strip_prefix('/').map_or(("", ""), |rest| rest.split_once('/').unwrap_or((rest, "")));
        let found =
            self.segments.iter().find(|(resource, known)| known == segment && resource.has_id() != id.is_empty());
        found.map_or((Resource::Unknown, ""), |(resource, _)| (*resource, id))
    }

    /// The id in `url`, if it is the URL of such a resource.
    pub(crate) fn id_in<'a>(&self, resource: Resource, url: &'a str) -> Option<&'a str> {
        let (found, id) = self.find(url.strip_prefix(&self.base)?);
        (found == resource).then_some(id)
    }

    fn segment(&self, resource: Resource) -> &str {
        self.segments.iter().find(|(known, _)| *known == resource).map_or("dir", |(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_leads_back_to_its_resource() {
        let routes = Routes::new("https://127.0.0.1:1".into(), false, &mut Random::new(Some(3)));
        for resource in Resource::NAMED {
            let id = if resource.has_id() { "x1" } else { "" };
            let url = if id.is_empty() { routes.url(resource) } else { routes.url_of(resource, id) };
            assert_eq!(routes.id_in(resource, &url), Some(id), "{resource}: {url}");
        }
        for (why, path) in [
            ("an id that is missing", routes.url(Resource::Order)),
            ("an id too many", routes.url_of(Resource::NewOrder, "x")),
            ("an unknown path", routes.absolute("/new-account")),
            ("nothing", routes.absolute("")),
            ("the root, where the directory is elsewhere", routes.absolute("/")),
        ] {
            let (found, _) = routes.find(path.strip_prefix("https://127.0.0.1:1").unwrap());
            assert_eq!(found, Resource::Unknown, "{why}");
        }
    }
}
