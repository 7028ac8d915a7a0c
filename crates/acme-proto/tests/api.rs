//! What callers may rely on of every public type: threads can share it, it can be shown and compared, and errors can be boxed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::error::Error;
use std::fmt::Debug;
use std::hash::Hash;

use acme_proto::*;

fn value<T: Send + Sync + Debug + Clone>() {}
fn plain<T: Send + Sync + Debug + Clone + Eq>() {}
fn key<T: Send + Sync + Debug + Clone + Eq + Hash>() {}
fn error<T: Error + Send + Sync + Eq + 'static>() {}

#[test]
fn types_can_be_shared_shown_and_compared() {
    value::<Prover<'_>>();
    plain::<Account>();
    plain::<AccountUpdate>();
    plain::<AttestationResponse>();
    plain::<Authorization>();
    plain::<AutoRenewal>();
    plain::<AutoRenewalLimits>();
    plain::<CaaRecord>();
    plain::<CertValidity>();
    plain::<Challenge>();
    plain::<Delegation>();
    plain::<Directory>();
    plain::<EmailReply00>();
    plain::<Finalize>();
    plain::<KeyAuthorization>();
    plain::<KeyChange>();
    plain::<Link>();
    plain::<Meta>();
    plain::<NewAccount>();
    plain::<NewAuthz>();
    plain::<NewOrder>();
    plain::<Order>();
    plain::<PersistChallenge>();
    plain::<PersistFormat>();
    plain::<PersistRecord>();
    plain::<PersistTerms>();
    plain::<PollFailure>();
    plain::<Predecessor>();
    plain::<Problem>();
    plain::<ProfileChoice>();
    plain::<Proof>();
    plain::<RenewalInfo>();
    plain::<RenewalSchedule>();
    plain::<RenewalWindow>();
    plain::<RevokeCert>();
    plain::<StatusChange>();
    plain::<Subproblem>();
    plain::<Timestamp>();
    plain::<TlsAlpn01>();
    plain::<TokenPart1>();
    plain::<TxtRecord>();
    key::<AccountStatus>();
    key::<AuthorizationStatus>();
    key::<ChallengeStatus>();
    key::<ChallengeType>();
    key::<Contact>();
    key::<Identifier>();
    key::<Nonce>();
    key::<OrderStatus>();
    key::<ProblemType>();
    key::<Resource>();
    key::<RevocationReason>();
    key::<Token>();
    error::<AutoRenewalError>();
    error::<CaaError>();
    error::<CaaRefusal>();
    error::<ContactError>();
    error::<DirectoryError>();
    error::<IdentifierError>();
    error::<NewOrderError>();
    error::<NonceError>();
    error::<NotCancelable>();
    error::<PersistError>();
    error::<ProfileError>();
    error::<ProofError>();
    error::<RenewalInfoError>();
    error::<RevocationReasonError>();
    error::<TimestampError>();
    error::<TokenError>();
}

#[test]
fn what_a_person_types_parses() {
    assert_eq!("Example.com.".parse(), Identifier::parse("example.com"));
    assert_eq!("a@b.example".parse(), Contact::parse("mailto:a@b.example"));
    assert!("a b".parse::<Identifier>().is_err() && "a,b".parse::<Contact>().is_err());
}
