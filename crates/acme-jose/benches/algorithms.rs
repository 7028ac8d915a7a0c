//! Signing and verifying with each algorithm, beside ring and aws-lc-rs on the same key and message.
//!
//! `cargo bench -p acme-jose --all-features`; one line a crate, so that the ratios show in one run.
#![allow(clippy::unwrap_used, missing_docs)]

use acme_jose::{KeyType, PrivateKey, Signer};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};

/// As long as the signing input of a newOrder with one name.
const MESSAGE: &[u8] = &[b'm'; 512];

type Group<'a> = BenchmarkGroup<'a, WallTime>;
type Verify = dyn Fn(&[u8]);

/// What another crate does with one kind of key: signs, gives its public key, verifies.
struct Other {
    name: &'static str,
    sign: Box<dyn Fn() -> Vec<u8>>,
    verify: Box<Verify>,
}

/// The API of ring, which aws-lc-rs has too.
macro_rules! other {
    ($krate:ident, ecdsa $signing:ident $verifying:ident, $pkcs8:expr $(, $rng:expr)?) => {{
        use $krate::signature::{self, KeyPair as _};
        let rng = $krate::rand::SystemRandom::new();
        let key = signature::EcdsaKeyPair::from_pkcs8(&signature::$signing, $pkcs8 $(, $rng)?).unwrap_or_refuse();
        let public = signature::UnparsedPublicKey::new(&signature::$verifying, key.public_key().as_ref().to_vec());
        other!($krate, move || key.sign(&rng, MESSAGE).unwrap().as_ref().to_vec(), public)
    }};
    ($krate:ident, ed25519, $pkcs8:expr) => {{
        use $krate::signature::{self, KeyPair as _};
        let key = signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked($pkcs8).unwrap_or_refuse();
        let public = signature::UnparsedPublicKey::new(&signature::ED25519, key.public_key().as_ref().to_vec());
        other!($krate, move || key.sign(MESSAGE).as_ref().to_vec(), public)
    }};
    ($krate:ident, rsa, $pkcs8:expr) => {{
        use $krate::signature::{self, KeyPair as _};
        let rng = $krate::rand::SystemRandom::new();
        let key = signature::RsaKeyPair::from_pkcs8($pkcs8).unwrap_or_refuse();
        let public =
            signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref().to_vec());
        let sign = move || {
            let mut octets = vec![0; key.public_key().modulus_len()];
            key.sign(&signature::RSA_PKCS1_SHA256, &rng, MESSAGE, &mut octets).unwrap();
            octets
        };
        other!($krate, sign, public)
    }};
    ($krate:ident, $sign:expr, $public:expr) => {{
        let public = $public;
        Other {
            name: stringify!($krate),
            sign: Box::new($sign),
            verify: Box::new(move |signature| public.verify(MESSAGE, signature).unwrap()),
        }
    }};
}

/// `unwrap` for errors of both crates, which are different types.
trait Refuse<T> {
    fn unwrap_or_refuse(self) -> T;
}

impl<T, E: std::fmt::Display> Refuse<T> for Result<T, E> {
    fn unwrap_or_refuse(self) -> T {
        self.unwrap_or_else(|error| unreachable!("a key of ours is refused: {error}"))
    }
}

fn others(key_type: KeyType, pkcs8: &[u8]) -> Vec<Other> {
    let random = ring::rand::SystemRandom::new();
    match key_type {
        KeyType::P256 => vec![
            other!(ring, ecdsa ECDSA_P256_SHA256_FIXED_SIGNING ECDSA_P256_SHA256_FIXED, pkcs8, &random),
            other!(aws_lc_rs, ecdsa ECDSA_P256_SHA256_FIXED_SIGNING ECDSA_P256_SHA256_FIXED, pkcs8),
        ],
        KeyType::P384 => vec![
            other!(ring, ecdsa ECDSA_P384_SHA384_FIXED_SIGNING ECDSA_P384_SHA384_FIXED, pkcs8, &random),
            other!(aws_lc_rs, ecdsa ECDSA_P384_SHA384_FIXED_SIGNING ECDSA_P384_SHA384_FIXED, pkcs8),
        ],
        // ring has no P-521.
        KeyType::P521 => {
            vec![other!(aws_lc_rs, ecdsa ECDSA_P521_SHA512_FIXED_SIGNING ECDSA_P521_SHA512_FIXED, pkcs8)]
        }
        KeyType::Ed25519 => vec![other!(ring, ed25519, pkcs8), other!(aws_lc_rs, ed25519, pkcs8)],
        _ => vec![other!(ring, rsa, pkcs8), other!(aws_lc_rs, rsa, pkcs8)],
    }
}

fn bench(criterion: &mut Criterion) {
    for (name, key_type) in [
        ("ES256", KeyType::P256),
        ("ES384", KeyType::P384),
        ("ES512", KeyType::P521),
        ("EdDSA", KeyType::Ed25519),
        ("RS256 2048", KeyType::Rsa2048),
        ("RS256 4096", KeyType::Rsa4096),
    ] {
        let key = PrivateKey::generate(key_type).unwrap();
        let others = others(key_type, &key.to_pkcs8_der().unwrap());
        bench_sign(criterion.benchmark_group(format!("{name} sign")), &key, &others);
        bench_verify(criterion.benchmark_group(format!("{name} verify")), &key, &others);
    }
}

fn bench_sign(mut group: Group<'_>, key: &PrivateKey, others: &[Other]) {
    group.bench_function("acme-jose", |bencher| bencher.iter(|| key.sign(MESSAGE).unwrap()));
    for other in others {
        group.bench_function(other.name, |bencher| bencher.iter(&other.sign));
    }
    group.finish();
}

fn bench_verify(mut group: Group<'_>, key: &PrivateKey, others: &[Other]) {
    let (public, signature) = (key.public_key(), key.sign(MESSAGE).unwrap());
    group.bench_function("acme-jose", |bencher| {
        bencher.iter(|| public.verify(key.algorithm(), MESSAGE, &signature).unwrap());
    });
    for other in others {
        group.bench_function(other.name, |bencher| bencher.iter(|| (other.verify)(&signature)));
    }
    group.finish();
}

criterion_group! {
    name = algorithms;
    // Ratios of two and more are what matters: short runs show them.
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = bench
}
criterion_main!(algorithms);
