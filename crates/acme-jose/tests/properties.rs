//! Nothing that can be handed over makes a reader panic, and what was written can be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod vectors;

use acme_jose::{
    Algorithm, Header, Jwk, Jws, KeyId, MacAlgorithm, MacKey, ParsedKeyId, Payload, PrivateKey, Signer, base64url,
    ecdsa_der_to_fixed, ecdsa_fixed_to_der,
};
use proptest::collection::vec;
use proptest::prelude::*;

const SEEDS: [&str; 6] = [
    include_str!("vectors/keys/p256.pkcs8.pem"),
    include_str!("vectors/keys/p256.sec1.pem"),
    include_str!("vectors/keys/p521.sec1.pem"),
    include_str!("vectors/keys/ed25519.pkcs8.pem"),
    include_str!("vectors/keys/rsa2048.pkcs1.pem"),
    include_str!("vectors/keys/certificate.pem"),
];

fn key() -> PrivateKey {
    PrivateKey::from_pem(SEEDS[0]).unwrap()
}

/// Feeds every reader. That it returns is the property; that it accepts next to nothing is asserted by the callers.
fn read_everywhere(octets: &[u8]) -> bool {
    let text = String::from_utf8_lossy(octets);
    let mut accepted = PrivateKey::from_der(octets).is_ok();
    accepted |= PrivateKey::from_pem(&text).is_ok();
    accepted |= PrivateKey::from_jwk(octets).is_ok();
    accepted |= Jwk::from_json(octets).is_ok();
    accepted |= Jwk::from_spki_der(octets).is_ok();
    accepted |= Jws::from_json(octets).is_ok_and(|jws| jws.header().is_ok() && jws.verify(&key().public_key()).is_ok());
    let _ = MacKey::from_text(&text);
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256] {
        let _ = ecdsa_der_to_fixed(algorithm, octets);
        let _ = ecdsa_fixed_to_der(algorithm, octets);
        accepted |= key().public_key().verify(algorithm, b"message", octets).is_ok();
    }
    accepted
}

/// JSON made of the words that JOSE knows, so that parsing gets somewhere.
fn jose_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("kty"),
        Just("crv"),
        Just("EC"),
        Just("OKP"),
        Just("RSA"),
        Just("P-256"),
        Just("Ed25519"),
        Just("x"),
        Just("y"),
        Just("d"),
        Just("n"),
        Just("e"),
        Just("p"),
        Just("q"),
        Just("AQAB"),
        Just(""),
        Just("protected"),
        Just("payload"),
        Just("signature"),
        Just("signatures"),
        Just("e30"),
        Just("alg"),
        Just("ES256"),
        Just("\\u0000"),
    ];
    let value = prop_oneof![
        word.clone().prop_map(|word| format!("{word:?}")),
        "[A-Za-z0-9_-]{0,90}".prop_map(|text| format!("{text:?}")),
        Just("{}".to_string()),
        Just("[]".to_string()),
        Just("null".to_string()),
        Just("-1e9".to_string()),
    ];
    vec((word, value), 0..7).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// The private JWK of a real RSA key.
#[cfg(feature = "rsa")]
static RSA_JWK: std::sync::LazyLock<serde_json::Value> = std::sync::LazyLock::new(|| {
    serde_json::from_str(&PrivateKey::from_pem(SEEDS[4]).unwrap().to_private_jwk().unwrap()).unwrap()
});

#[cfg(feature = "rsa")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Members of an RSA key exchanged, short, empty, missing or a bit off, with the primes and without.
    #[test]
    fn damaged_rsa_jwks(
        member in prop::sample::select(vec!["n", "e", "d", "p", "q"]),
        octets in prop_oneof![vec(any::<u8>(), 0..4), vec(any::<u8>(), 128..=128), vec(any::<u8>(), 256..=257)],
        flip in proptest::option::of((any::<prop::sample::Index>(), 0..8)),
        primes in any::<bool>(),
    ) {
        let mut jwk = RSA_JWK.clone();
        for name in ["p", "q", "dp", "dq", "qi"].into_iter().filter(|_| !primes) {
            jwk.as_object_mut().unwrap().remove(name);
        }
        let was = base64url::decode(RSA_JWK[member].as_str().unwrap()).unwrap();
        let now = flip.map_or(octets, |(at, bit)| {
            let mut now = was.clone();
            now[at.index(was.len())] ^= 1_u8 << bit;
            now
        });
        prop_assume!(now != was);
        jwk[member] = base64url::encode(&now).into();
        prop_assert!(PrivateKey::from_jwk(jwk.to_string().as_bytes()).is_err(), "{member} of {jwk}");
    }
}

proptest! {
    #[test]
    fn any_octets(octets in vec(any::<u8>(), 0..300)) {
        prop_assert!(!read_everywhere(&octets));
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        prop_assert!(!read_everywhere(text.as_bytes()));
    }

    #[test]
    fn jose_like_json(json in jose_like()) {
        // Small RSA and Ed25519 numbers may be keys by chance; that they do not panic is all that is asked.
        read_everywhere(json.as_bytes());
        let protected = base64url::encode(json.as_bytes());
        let jws = format!(r#"{{"protected":"{protected}","payload":"","signature":""}}"#);
        prop_assert!(!read_everywhere(jws.as_bytes()));
    }

    /// Good keys with a few octets changed, cut off or put in: as PEM, and as the DER inside.
    #[test]
    fn damaged_keys(seed in 0..SEEDS.len(), at in any::<prop::sample::Index>(), octet in any::<u8>(), cut in 0..3usize) {
        for octets in [SEEDS[seed].as_bytes().to_vec(), vectors::der(SEEDS[seed])] {
            let mut octets = octets;
            if !octets.is_empty() {
                let at = at.index(octets.len());
                octets.splice(at..octets.len().min(at + cut), [octet]);
            }
            read_everywhere(&octets);
        }
    }

    #[test]
    fn base64url_comes_back(octets in vec(any::<u8>(), 0..200)) {
        let text = base64url::encode(&octets);
        prop_assert_eq!(text.len(), (octets.len() * 4).div_ceil(3));
        prop_assert_eq!(base64url::decode(&text).unwrap(), octets);
    }

    /// Two texts never stand for the same octets.
    #[test]
    fn base64url_has_one_spelling(text in "[A-Za-z0-9_+/=-]{0,12}") {
        if let Ok(octets) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&octets), text);
        }
    }

    #[test]
    fn der_comes_back(fixed in vec(any::<u8>(), 64)) {
        let der = ecdsa_fixed_to_der(Algorithm::Es256, &fixed).unwrap();
        prop_assert_eq!(ecdsa_der_to_fixed(Algorithm::Es256, &der).unwrap(), fixed);
    }

    /// Whatever stands in a nonce, a URL, a key id or a payload, the receiver reads the same.
    #[test]
    fn a_jws_comes_back(nonce in ".{0,40}", url in ".{0,80}", kid in proptest::option::of(".{0,40}"), payload in ".{0,80}") {
        let key = key();
        let key_id = kid.as_deref().map_or(KeyId::Jwk, KeyId::Kid);
        let header = Header { key: key_id, nonce: &nonce, url: &url };
        let jws = Jws::sign(&key, &header, &Payload::json(&payload).unwrap()).unwrap();
        let read = Jws::from_json(jws.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&read, &jws);
        prop_assert_eq!(read.verify(&key.public_key()), Ok(()));

        let parsed = read.header().unwrap();
        let expected = kid.map_or_else(|| ParsedKeyId::Jwk(key.public_key()), ParsedKeyId::Kid);
        prop_assert_eq!((parsed.key, parsed.nonce, parsed.url), (expected, Some(nonce), Some(url)));
        prop_assert_eq!(serde_json::from_slice::<String>(&read.payload()).unwrap(), payload);
    }

    #[test]
    fn a_binding_comes_back(secret in vec(any::<u8>(), 1..80), kid in ".{0,40}", url in ".{0,80}") {
        let key = MacKey::from_text(&base64url::encode(&secret)).unwrap();
        for algorithm in [MacAlgorithm::Hs256, MacAlgorithm::Hs384, MacAlgorithm::Hs512] {
            let jws = key.sign(algorithm, &kid, &url, &Payload::EmptyObject).unwrap().received();
            let read = Jws::from_json(jws.to_json().as_bytes()).unwrap();
            prop_assert_eq!(MacKey::from_bytes(&secret).verify(algorithm, &read), Ok(()));
            prop_assert_eq!(read.header().unwrap().key, ParsedKeyId::Kid(kid.clone()));
        }
    }
}
