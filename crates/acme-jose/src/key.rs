//! Private keys held in memory.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use pkcs8::LineEnding;
use pkcs8::der::Decode as _;
use zeroize::Zeroizing;

use crate::ec::{Curve, EcKey, ID_EC_PUBLIC_KEY};
use crate::encoding::{KeyDer, private_key_block};
use crate::jwk::Members;
use crate::{Algorithm, Jwk, KeyType, SignError, Signer, base64url};

/// `id-Ed25519` (RFC 8410 §3).
pub(crate) const ID_ED25519: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.3.101.112");
/// `rsaEncryption` (RFC 8017 §A.1).
pub(crate) const RSA_ENCRYPTION: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private key held in memory.
///
/// It signs through [`Signer`]. It cannot be cloned (share it behind an `Arc`), `Debug` shows its kind and thumbprint
/// only, and its memory is wiped when it is dropped.
///
/// ```
/// use acme_jose::{KeyType, PrivateKey, Signer};
///
/// let key = PrivateKey::generate(KeyType::P256)?;
/// let again = PrivateKey::from_pem(&key.to_pkcs8_pem()?)?;
/// assert_eq!(key.public_key(), again.public_key());
/// # Ok::<(), acme_jose::KeyError>(())
/// ```
pub struct PrivateKey(Secret);

enum Secret {
    Ec(EcKey),
    #[cfg(feature = "ed25519")]
    Ed25519(crate::ed25519::Ed25519Key),
    #[cfg(feature = "rsa")]
    Rsa(crate::rsa_key::RsaKey),
}

impl PrivateKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] when the feature of this kind of key is off, [`KeyError::Random`] when the
    /// operating system gives no randomness.
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        match key_type {
            KeyType::P256 => EcKey::generate(Curve::P256).map(Into::into),
            KeyType::P384 => EcKey::generate(Curve::P384).map(Into::into),
            KeyType::P521 => EcKey::generate(Curve::P521).map(Into::into),
            #[cfg(feature = "ed25519")]
            KeyType::Ed25519 => crate::ed25519::Ed25519Key::generate().map(Into::into),
            #[cfg(feature = "rsa")]
            KeyType::Rsa2048 => crate::rsa_key::RsaKey::generate(2048).map(Into::into),
            #[cfg(feature = "rsa")]
            KeyType::Rsa3072 => crate::rsa_key::RsaKey::generate(3072).map(Into::into),
            #[cfg(feature = "rsa")]
            KeyType::Rsa4096 => crate::rsa_key::RsaKey::generate(4096).map(Into::into),
            #[allow(unreachable_patterns, reason = "with all features on no type is left")]
            other => Err(KeyError::feature_off(&other.to_string())),
        }
    }

    /// Reads a PEM text with one private key: PKCS#8 (`PRIVATE KEY`), SEC1 (`EC PRIVATE KEY`) or PKCS#1
    /// (`RSA PRIVATE KEY`). OpenSSL's `EC PARAMETERS` block and text around the blocks are skipped.
    ///
    /// # Errors
    /// [`KeyError::Encrypted`], [`KeyError::NotAPrivateKey`] and the others: each says what was found.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(&private_key_block(text)?)
    }

    /// Reads PKCS#8, SEC1 or PKCS#1 DER.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match KeyDer::parse(der)? {
            KeyDer::Pkcs8(info) => Self::from_pkcs8(info),
            KeyDer::Sec1(key) => Self::from_sec1(&key, None),
            #[cfg(feature = "rsa")]
            KeyDer::Pkcs1(der) => crate::rsa_key::RsaKey::from_pkcs1(der).map(Into::into),
            #[cfg(not(feature = "rsa"))]
            KeyDer::Pkcs1(_) => Err(KeyError::feature_off("RSA")),
        }
    }

    fn from_pkcs8(info: pkcs8::PrivateKeyInfoRef<'_>) -> Result<Self, KeyError> {
        let malformed = |error: pkcs8::der::Error| KeyError::Malformed(format!("damaged PKCS#8: {error}"));
        match info.algorithm.oid {
            ID_EC_PUBLIC_KEY => {
                let oid = info.algorithm.parameters_oid().map_err(|error| KeyError::Malformed(error.to_string()))?;
                let curve = Curve::from_oid(oid)?;
                let key = sec1::EcPrivateKey::from_der(info.private_key.as_bytes()).map_err(malformed)?;
                Self::from_sec1(&key, Some(curve))
            }
            #[cfg(feature = "ed25519")]
            ID_ED25519 => {
                use pkcs8::der::asn1::OctetStringRef;
                let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes()).map_err(malformed)?;
                let public = info.public_key.as_ref().and_then(|public| public.as_bytes());
                crate::ed25519::Ed25519Key::from_seed(seed.as_bytes(), public).map(Into::into)
            }
            #[cfg(not(feature = "ed25519"))]
            ID_ED25519 => Err(KeyError::feature_off("Ed25519")),
            #[cfg(feature = "rsa")]
            RSA_ENCRYPTION => crate::rsa_key::RsaKey::from_pkcs8(info).map(Into::into),
            #[cfg(not(feature = "rsa"))]
            RSA_ENCRYPTION => Err(KeyError::feature_off("RSA")),
            other => Err(KeyError::Unsupported(format!("the key algorithm with OID {other}"))),
        }
    }

    /// A SEC1 key names its curve itself, unless PKCS#8 around it did.
    fn from_sec1(key: &sec1::EcPrivateKey<'_>, outer: Option<Curve>) -> Result<Self, KeyError> {
        let named = key.parameters.and_then(|parameters| parameters.named_curve()).map(Curve::from_oid).transpose()?;
        let curve = match (outer, named) {
            (Some(outer), Some(named)) if outer != named => {
                return Err(KeyError::Malformed(format!("a {} key inside a {} one", named.name(), outer.name())));
            }
            (Some(curve), _) | (None, Some(curve)) => curve,
            (None, None) => return Err(KeyError::Malformed("an EC key that does not name its curve".to_string())),
        };
        let secret = EcKey::from_scalar(curve, key.private_key)?;
        match key.public_key {
            Some(public) if public != secret.public_point() => {
                Err(KeyError::Malformed("the public key is not the private key's".to_string()))
            }
            _ => Ok(secret.into()),
        }
    }

    /// Reads a private JWK (RFC 7518 §6, RFC 8037 §2), as certbot stores its account keys.
    ///
    /// # Errors
    /// When a member is missing, is not strict base64url, or does not fit the others.
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let members = Members::parse(json).map_err(KeyError::Jwk)?;
        let public = members.public().map_err(KeyError::Jwk)?;
        let key = members.private()?;
        if key.public_key() != public {
            return Err(KeyError::Malformed("the public members are not the private key's".to_string()));
        }
        Ok(key)
    }

    pub(crate) fn ec_from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, KeyError> {
        EcKey::from_scalar(curve, scalar).map(Into::into)
    }

    /// The key as PKCS#8 PEM.
    ///
    /// # Errors
    /// Never for a key that was generated or read here; the encoder's signature allows for it.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.pkcs8()
            .and_then(|document| Ok(document.to_pem("PRIVATE KEY", LineEnding::LF)?))
            .map_err(|error| KeyError::Malformed(error.to_string()))
    }

    /// The key as PKCS#8 DER.
    ///
    /// # Errors
    /// As [`to_pkcs8_pem`](Self::to_pkcs8_pem).
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.pkcs8().map(|document| document.to_bytes()).map_err(|error| KeyError::Malformed(error.to_string()))
    }

    fn pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        match &self.0 {
            Secret::Ec(key) => key.to_pkcs8(),
            #[cfg(feature = "ed25519")]
            Secret::Ed25519(key) => key.to_pkcs8(),
            #[cfg(feature = "rsa")]
            Secret::Rsa(key) => key.to_pkcs8(),
        }
    }

    /// The key as a private JWK, members in lexicographic order.
    ///
    /// # Errors
    /// As [`to_pkcs8_pem`](Self::to_pkcs8_pem).
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        let secret = |octets: &[u8]| Zeroizing::new(base64url::encode(octets));
        let json = match &self.0 {
            Secret::Ec(key) => {
                let (crv, width) = (key.curve().name(), key.curve().width());
                let point = key.public_point();
                let (x, y) = (base64url::encode(&point[1..=width]), base64url::encode(&point[1 + width..]));
                let d = secret(&key.scalar());
                format!(r#"{{"crv":"{crv}","d":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, *d)
            }
            #[cfg(feature = "ed25519")]
            Secret::Ed25519(key) => {
                let x = base64url::encode(&key.public());
                format!(r#"{{"crv":"Ed25519","d":"{}","kty":"OKP","x":"{x}"}}"#, *secret(&key.seed()))
            }
            #[cfg(feature = "rsa")]
            Secret::Rsa(key) => {
                let k = key.numbers()?;
                format!(
                    r#"{{"d":"{}","dp":"{}","dq":"{}","e":"{}","kty":"RSA","n":"{}","p":"{}","q":"{}","qi":"{}"}}"#,
                    *secret(&k.d),
                    *secret(&k.dp),
                    *secret(&k.dq),
                    base64url::encode(&k.e),
                    base64url::encode(&k.n),
                    *secret(&k.p),
                    *secret(&k.q),
                    *secret(&k.qi),
                )
            }
        };
        Ok(Zeroizing::new(json))
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Secret::Ec(key) => key.curve().algorithm(),
            #[cfg(feature = "ed25519")]
            Secret::Ed25519(_) => Algorithm::EdDsa,
            #[cfg(feature = "rsa")]
            Secret::Rsa(_) => Algorithm::Rs256,
        }
    }

    fn public_key(&self) -> Jwk {
        match &self.0 {
            Secret::Ec(key) => Jwk::ec(key.curve(), key.public_point()),
            #[cfg(feature = "ed25519")]
            Secret::Ed25519(key) => Jwk::ed25519(key.public()),
            #[cfg(feature = "rsa")]
            Secret::Rsa(key) => {
                let (n, e) = key.public();
                Jwk::rsa(n, e)
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Secret::Ec(key) => key.sign(message),
            #[cfg(feature = "ed25519")]
            Secret::Ed25519(key) => Ok(key.sign(message)),
            #[cfg(feature = "rsa")]
            Secret::Rsa(key) => key.sign(message),
        }
    }
}

impl From<EcKey> for PrivateKey {
    fn from(key: EcKey) -> Self {
        Self(Secret::Ec(key))
    }
}

#[cfg(feature = "ed25519")]
impl From<crate::ed25519::Ed25519Key> for PrivateKey {
    fn from(key: crate::ed25519::Ed25519Key) -> Self {
        Self(Secret::Ed25519(key))
    }
}

#[cfg(feature = "rsa")]
impl From<crate::rsa_key::RsaKey> for PrivateKey {
    fn from(key: crate::rsa_key::RsaKey) -> Self {
        Self(Secret::Rsa(key))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} {} [redacted])", self.algorithm(), self.public_key().thumbprint())
    }
}

/// Why a private key could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is protected by a password, which is not asked for here.
    Encrypted,
    /// There is no private key in the input.
    NotAPrivateKey {
        /// What there is instead.
        found: String,
    },
    /// A private key, but truncated, damaged or at odds with itself.
    Malformed(String),
    /// A kind of key that is unknown, or whose feature is off.
    Unsupported(String),
    /// An RSA modulus outside of 2048 to 8192 bits.
    ModulusSize {
        /// The bits it has.
        bits: u32,
    },
    /// The JWK could not be read.
    Jwk(crate::JwkError),
    /// The operating system gave no randomness.
    Random,
}

impl KeyError {
    pub(crate) fn feature_off(what: &str) -> Self {
        Self::Unsupported(format!("{what} keys: the feature of acme-jose that adds them is off"))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted => {
                f.write_str("the private key is encrypted: decrypt it first (openssl pkey -in … -out …)")
            }
            Self::NotAPrivateKey { found } => {
                write!(f, "expected a private key (PKCS#8, SEC1 or PKCS#1), found {found}")
            }
            Self::Malformed(what) => write!(f, "not a usable private key: {what}"),
            Self::Unsupported(what) => write!(f, "unsupported: {what}"),
            Self::ModulusSize { bits } => write!(f, "an RSA modulus of {bits} bits; 2048 to 8192 are accepted"),
            Self::Jwk(error) => error.fmt(f),
            Self::Random => f.write_str("the operating system gave no randomness"),
        }
    }
}

impl core::error::Error for KeyError {}
