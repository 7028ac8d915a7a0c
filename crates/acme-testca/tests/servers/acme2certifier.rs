//! acme2certifier: promises it does not keep, reasons it does not give, types that are none.

use acme_account::{ErrorKind, Terms};
use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_proto::{ProblemType, RevocationReason};
use acme_testca::{Behaviour, Resource};
use acme_x509::{Chain, Csr, Name};

use crate::client::{Client, WAIT, contact, order};
use crate::solver::Idle;

#[test]
fn pre_authorization_that_is_not_there() {
    let client = Client::at(&[Behaviour::NewAuthz404.into(), Behaviour::RandomDirectoryEntry.into()]);
    let error = client.account.new_dns_authz("a.test").unwrap_err();
    assert!(error.refusal().is_some_and(|refusal| refusal.status == 404), "{error}");
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn a_failure_without_a_reason() {
    let client = Client::at(&[Behaviour::FailedAuthzNoError.into()]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let error = client.authorize(&client.account, &placed, &Idle).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures[0].problem.is_none()), "{error}");
    assert!(error.to_string().contains("a.test could not be validated (http-01)"), "{error}");
}

#[test]
fn a_certificate_that_is_cut_off_is_read_again() {
    let client = Client::at(&[Behaviour::CertificateCutOff.into()]);
    client.obtain(&["a.test"]).unwrap();
    assert_eq!(client.requests(Resource::Certificate).len(), 2);
}

#[test]
fn types_that_are_no_urns_are_kept() {
    let client = Client::at(&[Behaviour::ProblemTypeNotUrn.into(), Behaviour::BadCsr.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    let problem = &error.refusal().unwrap().problem;
    assert!(matches!(&problem.kind, ProblemType::Other(kind) if kind == "badCSR"), "{problem:?}");
    assert!(error.to_string().contains("does not like the CSR"), "{error}");
}

#[test]
fn a_certificate_key_may_not_revoke() {
    let client = Client::at(&[Behaviour::CertKeyRevocation403.into()]);
    let (key, names) = (PrivateKey::generate(KeyType::P256).unwrap(), [Name::parse("a.test")]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let placed = client.authorize(&client.account, &placed, &client.standalone()).unwrap();
    let pem = client.account.issue(placed, Csr::new(&key, &names).unwrap().der(), WAIT).unwrap();
    let chain = Chain::from_pem(pem).unwrap();
    chain.check(&key.public_key(), &names).unwrap();
    let (der, reason) = (chain.leaf().der(), RevocationReason::KeyCompromise);
    let error = client.account.revoke_with_certificate_key(&key, der, reason).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 403);
    client.account.revoke(der, reason).unwrap();
}

#[test]
fn a_contact_is_needed() {
    let client = Client::with(|ca| ca.behave(Behaviour::ContactRequired));
    let error = client.account.register(&[], Terms::Agreed).unwrap_err();
    assert!(error.is_problem(&ProblemType::Malformed), "{error}");
    assert!(error.to_string().contains("Contact information is missing"), "{error}");
    client.account.register(&[contact()], Terms::Agreed).unwrap();
}
