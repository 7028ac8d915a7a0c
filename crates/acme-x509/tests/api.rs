//! What callers may rely on of every public type: threads can share it, it can be shown, and errors can be boxed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::error::Error;
use std::fmt::Debug;

use acme_x509::*;

fn plain<T: Send + Sync + Debug + Clone + Eq>() {}
fn error<T: Error + Send + Sync + 'static>() {}

#[test]
fn types_can_be_shared_shown_and_compared() {
    plain::<Certificate>();
    plain::<Chain>();
    plain::<ChainPreference>();
    plain::<Csr>();
    plain::<Name>();
    error::<CertificateError>();
    error::<ChainError>();
    error::<CsrError>();
    error::<PemError>();
    error::<SanError>();
}
