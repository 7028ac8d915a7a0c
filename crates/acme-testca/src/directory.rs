//! The directory (RFC 8555 §7.1.1).

use serde_json::{Map, Value, json};

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::{CAA_IDENTITY, Ca, TERMS};
use crate::response::Response;
use crate::state::State;

/// The start of hashed account URLs (draft-ietf-acme-dns-persist-02 §4.1).
pub(crate) const ACCOUNT_HASH_PREFIX: &str = "https://testca.invalid/account-hash/";

/// The directory, or a redirect on the way to it: `followed` of them led here.
pub(crate) fn read(ca: &Ca, state: &mut State, followed: &str) -> Response {
    if state.does(Behaviour::Directory503) {
        return Response::text(503, "text/html", "<html><body>Service Unavailable</body></html>");
    }
    if state.has(Behaviour::DirectoryRedirectHttp) {
        let location = ca.routes.directory().replacen("https:", "http:", 1);
        return Response::empty(302).header("Location", location);
    }
    let followed = followed.parse().unwrap_or(0);
    if state.number(Behaviour::DirectoryRedirect).is_some_and(|redirects| followed < redirects) {
        return Response::empty(302).header("Location", ca.routes.directory_after(followed + 1));
    }
    Response::json(200, Value::Object(members(ca, state)))
}

fn members(ca: &Ca, state: &State) -> Map<String, Value> {
    let mut directory = Map::new();
    for (resource, missing) in [
        (Resource::NewNonce, None),
        (Resource::NewAccount, None),
        (Resource::NewOrder, None),
        (Resource::NewAuthz, Some(Behaviour::NoNewAuthz)),
        (Resource::RevokeCert, Some(Behaviour::NoRevokeCert)),
        (Resource::KeyChange, Some(Behaviour::NoKeyChange)),
        (Resource::RenewalInfo, Some(Behaviour::NoRenewalInfo)),
    ] {
        if !missing.is_some_and(|missing| state.has(missing)) {
            directory.insert(resource.name().to_string(), url(ca, state, resource).into());
        }
    }
    directory.insert(ca.odd_member.clone(), "https://testca.invalid/adding-random-entries-to-the-directory".into());
    if !state.has(Behaviour::NoMeta) {
        directory.insert("meta".to_string(), Value::Object(meta(ca, state)));
    }
    directory
}

fn url(ca: &Ca, state: &State, resource: Resource) -> String {
    let url = ca.routes.url(resource);
    if state.has(Behaviour::HttpUrls) { url.replacen("https:", "http:", 1) } else { url }
}

fn meta(ca: &Ca, state: &State) -> Map<String, Value> {
    let mut meta = Map::new();
    let mut add = |name: &str, value| drop(meta.insert(name.to_string(), value));
    add("website", json!("https://testca.invalid/"));
    let nobody = state.has(Behaviour::CaaIdentitiesNull);
    add("caaIdentities", if nobody { Value::Null } else { json!([CAA_IDENTITY]) });
    if !state.has(Behaviour::NoTerms) {
        add("termsOfService", json!(TERMS));
    }
    if state.needs_binding() && !state.has(Behaviour::EabUnannounced) {
        add("externalAccountRequired", json!(true));
    }
    if !ca.profiles.is_empty() {
        add("profiles", ca.profiles.iter().map(|(name, text)| (name.clone(), json!(text))).collect());
    }
    if state.has(Behaviour::PersistHashed) {
        add("issuerDomainNames", json!([CAA_IDENTITY]));
        add("accountHashPrefix", json!(ACCOUNT_HASH_PREFIX));
    }
    meta
}
