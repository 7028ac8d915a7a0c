//! Tells failures before a request is sent from failures after it, which ureq's errors do not.
//!
//! ureq asks a resolver for addresses and a connector for a connection, TLS included; whatever either of them reports
//! happened before the first octet of the request was sent.

use std::fmt;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};

/// An error from before the request was sent.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The host has no address.
    Resolve(ureq::Error),
    /// There is no connection.
    Connect(ureq::Error),
}

impl NotSent {
    /// The innermost one: a connection through a proxy needs connections itself.
    pub(crate) fn innermost(self) -> Self {
        match self {
            Self::Connect(ureq::Error::Other(inner)) => match inner.downcast::<Self>() {
                Ok(inner) => inner.innermost(),
                Err(other) => Self::Connect(ureq::Error::Other(other)),
            },
            other => other,
        }
    }
}

impl std::error::Error for NotSent {}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) | Self::Connect(error) => error.fmt(f),
        }
    }
}

/// ureq's resolver, its errors marked.
#[derive(Debug, Default)]
pub(crate) struct MarkedResolver(DefaultResolver);

impl Resolver for MarkedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|error| ureq::Error::Other(Box::new(NotSent::Resolve(error))))
    }
}

/// ureq's connector, its errors marked.
#[derive(Debug, Default)]
pub(crate) struct MarkedConnector(DefaultConnector);

impl Connector for MarkedConnector {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained).map_err(|error| ureq::Error::Other(Box::new(NotSent::Connect(error))))
    }
}
