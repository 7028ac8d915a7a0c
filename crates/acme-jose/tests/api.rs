//! What callers may rely on of every public type: threads can share it, it can be shown, and errors can be boxed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::error::Error;
use std::fmt::Debug;
use std::hash::Hash;

use acme_jose::*;

fn value<T: Send + Sync + Debug>() {}
fn plain<T: Send + Sync + Debug + Clone + Eq>() {}
fn key<T: Send + Sync + Debug + Clone + Eq + Hash>() {}
fn error<T: Error + Send + Sync + 'static>() {}

#[test]
fn types_can_be_shared_shown_and_compared() {
    value::<PrivateKey>();
    value::<MacKey>();
    plain::<Header<'_>>();
    plain::<Jws>();
    plain::<InnerJws>();
    plain::<KeyId<'_>>();
    plain::<ParsedHeader>();
    plain::<ParsedAlgorithm>();
    plain::<ParsedKeyId>();
    plain::<Payload>();
    plain::<PayloadText>();
    key::<Algorithm>();
    key::<Jwk>();
    key::<KeyType>();
    key::<MacAlgorithm>();
    key::<Thumbprint>();
    error::<Base64UrlError>();
    error::<JsonError>();
    error::<JwkError>();
    error::<JwsError>();
    error::<KeyError>();
    error::<MacKeyError>();
    error::<SignError>();
    error::<VerifyError>();
    let _: fn(&dyn Signer) = |signer| {
        fn shared<T: Send + Sync + ?Sized>(_: &T) {}
        shared(signer);
    };
}
