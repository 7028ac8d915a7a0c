//! Buypass, Pebble 2.10: nothing without `User-Agent`.

use acme_testca::{Behaviour, Resource};

use crate::client::Client;

#[test]
fn every_request_says_who_asks() {
    let client = Client::at(&[Behaviour::UserAgentRequired.into()]);
    client.obtain(&["a.test"]).unwrap();
    let requests = client.ca.requests();
    for resource in [Resource::Directory, Resource::NewNonce, Resource::Certificate] {
        assert!(requests.iter().any(|request| request.resource == resource), "{resource}");
    }
    for request in requests {
        let agent = request.header("user-agent").unwrap_or_default();
        assert!(agent.starts_with("servers-test/1.0 acme-transport/"), "{}: {agent:?}", request.resource);
    }
}
