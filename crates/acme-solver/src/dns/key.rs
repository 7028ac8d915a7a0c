//! The secret shared with a name server, and the ways people write it down.

use std::fmt;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use hickory_proto::rr::Name;
use thiserror::Error;
use zeroize::Zeroizing;

use super::key_file;
use super::record::{parse_name, text};

/// How messages are signed (RFC 8945 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TsigAlgorithm {
    /// HMAC with SHA-256; what every server has.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

impl TsigAlgorithm {
    fn parse(name: &str) -> Result<Self, KeyError> {
        match name.to_ascii_lowercase().trim_end_matches('.') {
            "hmac-sha256" => Ok(Self::HmacSha256),
            "hmac-sha512" => Ok(Self::HmacSha512),
            _ => Err(KeyError::Algorithm(name.to_owned())),
        }
    }
}

impl fmt::Display for TsigAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha512 => "hmac-sha512",
        })
    }
}

/// A secret shared with a name server, by its name there (RFC 8945).
///
/// Wiped from memory when dropped; `Debug` does not show it.
#[derive(Clone)]
pub struct TsigKey {
    pub(super) name: Name,
    pub(super) algorithm: TsigAlgorithm,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl TsigKey {
    /// A key from its parts, the secret in base64 as key files show it.
    ///
    /// # Errors
    /// When the name is none, or the secret is empty or not base64.
    pub fn new(name: &str, algorithm: TsigAlgorithm, secret: &str) -> Result<Self, KeyError> {
        let name = parse_name(name).map_err(|_| KeyError::Name(name.to_owned()))?;
        let digits = Zeroizing::new(secret.split_ascii_whitespace().collect::<String>());
        let mut octets = Zeroizing::new(vec![0; digits.len()]);
        let length = Base64::decode(digits.as_bytes(), &mut octets).map(<[u8]>::len);
        let length = length.ok().filter(|length| *length > 0).ok_or_else(|| KeyError::Secret(text(&name)))?;
        octets.truncate(length);
        Ok(Self { name, algorithm, secret: octets })
    }

    /// A key as `nsupdate -y` takes it: `hmac-sha256:NAME:BASE64`.
    ///
    /// # Errors
    /// When it is no such text, or its algorithm, name or secret cannot be used.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let parts: Vec<_> = text.trim().split(':').collect();
        let [algorithm, name, secret] = parts[..] else { return Err(KeyError::Text) };
        Self::new(name, TsigAlgorithm::parse(algorithm)?, secret)
    }

    /// The key in the text of a BIND key file, as `tsig-keygen` writes it: `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`
    ///
    /// Anything else in the file is passed over, and so are comments. Where there are several keys, `name` says which.
    ///
    /// # Errors
    /// When there is no key in it, or more than one and no name, or the key cannot be used.
    pub fn from_bind(text: &str, name: Option<&str>) -> Result<Self, KeyError> {
        let found = key_file::read(text).ok_or(KeyError::NoKey)?;
        let named = |found: &&key_file::Entry<'_>| name.is_none_or(|name| same_name(name, found.name));
        let mut matching = found.iter().filter(named);
        match (matching.next(), matching.next()) {
            (Some(key), None) => Self::new(key.name, TsigAlgorithm::parse(key.algorithm)?, key.secret),
            (Some(_), Some(_)) => Err(KeyError::Several(found.iter().map(|key| key.name.to_owned()).collect())),
            (None, _) => Err(KeyError::NoKey),
        }
    }

    /// The key in a file: a BIND key file, or one line as [`parse`](Self::parse) takes it.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`from_bind`](Self::from_bind) and [`parse`](Self::parse) fail.
    pub fn from_file(file: &Path) -> Result<Self, KeyError> {
        let read = std::fs::read_to_string(file);
        let text = Zeroizing::new(read.map_err(|source| KeyError::File { file: file.to_owned(), source })?);
        match text.contains('{') {
            true => Self::from_bind(&text, None),
            false => Self::parse(&text),
        }
    }

    /// Its name, in lower case with a dot at the end.
    pub fn name(&self) -> String {
        text(&self.name)
    }

    /// How it signs.
    pub fn algorithm(&self) -> TsigAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TsigKey({}, {}, [redacted])", text(&self.name), self.algorithm)
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

/// Why there is no key to be had. The secret is never shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the key file {} cannot be read: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The text has not the three parts.
    #[error("a TSIG key is written hmac-sha256:NAME:BASE64, as `nsupdate -y` takes it")]
    Text,
    /// The file has no key, or not the one that is named.
    #[error("there is no such key in the file; `tsig-keygen -a hmac-sha256 NAME` writes one")]
    NoKey,
    /// The file has several keys.
    #[error("there are several keys in the file; name one of {}", .0.join(", "))]
    Several(Vec<String>),
    /// The name is none.
    #[error("the TSIG key has a name that is no domain name: {0:?}")]
    Name(String),
    /// The algorithm is not there.
    #[error("the TSIG algorithm {0:?} is not supported; make a key with `tsig-keygen -a hmac-sha256 NAME`")]
    Algorithm(String),
    /// The secret is no base64.
    #[error("the secret of the TSIG key {0} is empty or not base64; copy it again, to the last `=`")]
    Secret(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "key \"Acme.a.test\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0IG9jdGV0cw==\";\n};\n";

    fn shown(key: Result<TsigKey, KeyError>) -> String {
        match key {
            Ok(key) => format!("{} {} {}", key.name(), key.algorithm(), String::from_utf8_lossy(&key.secret)),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn a_key_is_read_from_one_line() {
        for (why, text, want) in [
            ("as nsupdate -y", "hmac-sha256:a.test:c2VjcmV0\n", "a.test. hmac-sha256 secret"),
            ("any case, any dot", "HMAC-SHA512.:A.test.:c2VjcmV0", "a.test. hmac-sha512 secret"),
            ("no algorithm", "a.test:c2VjcmV0", "a TSIG key is written"),
            ("too much", "hmac-sha256:a:b:c2VjcmV0", "a TSIG key is written"),
            ("a broken algorithm", "hmac-md5:a.test:c2VjcmV0", "the TSIG algorithm \"hmac-md5\" is not supported"),
            ("a broken name", "hmac-sha256:a..test:c2VjcmV0", "the TSIG key has a name"),
            ("no secret", "hmac-sha256:a.test:", "the secret of the TSIG key a.test. is empty"),
            ("a cut secret", "hmac-sha256:a.test:c2VjcmV", "the secret of the TSIG key a.test. is empty"),
        ] {
            let shown = shown(TsigKey::parse(text));
            assert!(shown.starts_with(want) && !shown.contains("c2Vj"), "{why}: {shown}");
        }
    }

    #[test]
    fn a_key_is_read_from_a_bind_file() {
        let two = format!("{FILE}key other. {{ secret c2VjcmV0; algorithm \"hmac-sha256\"; }};");
        let commented = format!("// key x {{\n# }};\n/* key y {{ */ options {{ key {{ }}; }};\n{FILE}");
        for (why, text, name, want) in [
            ("as tsig-keygen writes it", FILE, None, "acme.a.test. hmac-sha512 secret octets"),
            ("by its name", FILE, Some("acme.A.test."), "acme.a.test. hmac-sha512 secret octets"),
            ("by another name", FILE, Some("a.test"), "there is no such key"),
            ("two", &two, None, "there are several keys in the file; name one of Acme.a.test, other."),
            ("one of two", &two, Some("other"), "other. hmac-sha256 secret"),
            ("among comments and other things", &commented, None, "acme.a.test. hmac-sha512 secret octets"),
            ("in a view", &format!("view v {{ {FILE} }};"), None, "acme.a.test. hmac-sha512 secret octets"),
            ("nothing", "", None, "there is no such key"),
            ("cut off", &FILE[..40], None, "there is no such key"),
            ("without a secret", "key a { algorithm hmac-sha256; };", None, "there is no such key"),
            ("an open comment", "/* key a { ", None, "there is no such key"),
            ("an open string", "key \"a { ", None, "there is no such key"),
        ] {
            let shown = shown(TsigKey::from_bind(text, name));
            assert!(shown.starts_with(want), "{why}: {shown}");
        }
    }

    #[test]
    fn a_file_holds_either() {
        let folder = tempfile::tempdir().unwrap();
        for (text, want) in [(FILE, "acme.a.test. hmac-sha512"), ("hmac-sha256:a:c2VjcmV0\n", "a. hmac-sha256")] {
            let file = folder.path().join("key");
            std::fs::write(&file, text).unwrap();
            assert!(shown(TsigKey::from_file(&file)).starts_with(want), "{text}");
        }
        let missing = shown(TsigKey::from_file(&folder.path().join("none")));
        assert!(missing.contains("none cannot be read"), "{missing}");
    }

    #[test]
    fn the_secret_is_not_shown() {
        let key = TsigKey::parse("hmac-sha256:a.test:c2VjcmV0").unwrap();
        assert_eq!(format!("{key:?}"), "TsigKey(a.test., hmac-sha256, [redacted])");
    }
}
