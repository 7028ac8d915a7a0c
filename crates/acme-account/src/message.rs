//! One half of an exchange, for whoever watches: shown without its secrets.

use std::borrow::Cow;
use std::fmt;

use acme_jose::base64url;
use http::HeaderMap;
use serde_json::{Map, Value};

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// Of a body of more octets than this only the length is shown.
const MAX_SHOWN: usize = 64 * 1024;

/// Headers that let somebody in.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// Members of any object that are kept from logs.
const SECRET_MEMBERS: [&str; 4] = ["contact", "externalAccountBinding", "keyAuthorization", "signature"];

/// Members of a JWK that are private (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRET_KEY_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The headers and the body of a request or an answer. What a transport adds of its own, such as `User-Agent`, is not among
/// them.
///
/// `Display` writes it for people, JSON over several lines and a signed request decoded, and without what does not belong in
/// a log:
///
/// - signatures: with one, and a nonce that is not spent because the request got lost, whoever reads the log could send it;
/// - external account bindings, which name a customer;
/// - contacts, which name people;
/// - private members of keys, key authorizations, and the token of email-reply-00, which proves control of a mailbox
///   together with one sent there (RFC 8823 §3.1);
/// - headers that carry cookies and passwords;
/// - JSON that cannot be read, since any of these may be in it; of this, and of more than 64 KiB, only the length is shown.
///
/// Text of the CA is left as it came: a terminal must be guarded from control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(crate) fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body }
    }

    /// The headers with all that is secret.
    pub fn unredacted_headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The body with all that is secret, byte for byte.
    pub fn unredacted_body(&self) -> &'a [u8] {
        self.body
    }

    fn shown_body(&self) -> Cow<'a, str> {
        if let Some(json) = self.shown_json() {
            return json.into();
        }
        let kind = self.headers.get("content-type").map(|value| value.as_bytes().to_ascii_lowercase());
        let kind = String::from_utf8(kind.unwrap_or_default()).unwrap_or_default();
        match self.body.len() {
            0..=MAX_SHOWN if kind.contains("text/") || kind.contains("pem") => String::from_utf8_lossy(self.body),
            octets => format!("[{octets} octets]").into(),
        }
    }

    fn shown_json(&self) -> Option<String> {
        let body = (self.body.len() <= MAX_SHOWN).then_some(self.body)?;
        let mut json = serde_json::from_slice(body).ok()?;
        decode(&mut json, 2);
        redact(&mut json);
        serde_json::to_string_pretty(&json).ok()
    }
}

/// The headers, an empty line, the body.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.headers {
            let secret = value.is_sensitive() || SECRET_HEADERS.contains(&name.as_str());
            let value = if secret { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            writeln!(f, "{name}: {value}")?;
        }
        if !self.body.is_empty() {
            writeln!(f, "\n{}", self.shown_body().trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} headers, {} octets)", self.headers.len(), self.body.len())
    }
}

/// Puts JSON in the place of the encoded members of a JWS, and of one inside it (RFC 8555 §7.3.5).
fn decode(json: &mut Value, depth: u8) {
    let Some(members) = json.as_object_mut().filter(|members| depth > 0 && members.contains_key("signature")) else {
        return;
    };
    for name in ["protected", "payload"] {
        let decoded = members.get(name).and_then(Value::as_str).and_then(|text| base64url::decode(text).ok());
        if let Some(decoded) = decoded.and_then(|octets| serde_json::from_slice(&octets).ok()) {
            members.insert(name.to_owned(), decoded);
        }
    }
    if let Some(payload) = members.get_mut("payload") {
        decode(payload, depth - 1);
    }
}

/// Hides the members that are secret, at any depth: the parser allows for 128 levels.
fn redact(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => {
            let hidden: Vec<_> = members.keys().filter(|name| is_secret(members, name)).cloned().collect();
            hidden.into_iter().for_each(|name| _ = members.insert(name, REDACTED.into()));
            members.values_mut().for_each(redact);
        }
        _ => {}
    }
}

fn is_secret(members: &Map<String, Value>, name: &str) -> bool {
    let is_key = || members.contains_key("kty");
    let is_email_reply = || members.get("type").is_some_and(|kind| kind == "email-reply-00");
    SECRET_MEMBERS.contains(&name)
        || SECRET_KEY_MEMBERS.contains(&name) && is_key()
        || name == "token" && is_email_reply()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: &'static str, body: &[u8]) -> String {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind))]);
        Message::new(&headers, body).to_string()
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        for (why, json) in [
            ("an account", r#"{"status":"valid","contact":["mailto:SECRET@a.example"]}"#),
            ("a binding", r#"[{"externalAccountBinding":{"protected":"SECRET","payload":"","signature":"SECRET"}}]"#),
            ("a private key", r#"{"a":[{"b":{"kty":"EC","crv":"P-256","d":"SECRET"}}]}"#),
            ("a MAC key", r#"{"kty":"oct","k":"SECRET"}"#),
            ("the half of a proof by mail", r#"{"challenges":[{"type":"email-reply-00","token":"SECRET"}]}"#),
            ("the answer to a challenge", r#"{"type":"http-01","keyAuthorization":"SECRET"}"#),
            ("a signature that is no JWS's", r#"{"signature":{"x":"SECRET"}}"#),
            ("JSON that is cut off", r#"{"contact":["mailto:SECRET@"#),
            ("two of them", r#"{"contact":"SECRET"}{"contact":"SECRET"}"#),
        ] {
            let shown = shown("application/json", json.as_bytes());
            assert!(!shown.contains("SECRET"), "{why}: {shown}");
            assert!(
                shown.contains("[redacted]") || shown.contains(&format!("[{} octets]", json.len())),
                "{why}: {shown}"
            );
        }
    }

    #[test]
    fn what_explains_a_failure_is_shown() {
        for (why, kind, body, want) in [
            ("the file of http-01 is named so", "application/json", r#"{"type":"http-01","token":"abc"}"#, "abc"),
            ("public members of a key", "application/json", r#"{"kty":"EC","x":"abc"}"#, "abc"),
            ("d is not always a key's", "application/json", r#"{"d":"abc"}"#, "abc"),
            ("a problem", "application/problem+json", r#"{"detail":"abc"}"#, "abc"),
            ("JSON under a wrong name", "text/plain", r#"{"detail":"abc"}"#, "  \"detail\": \"abc\""),
            ("an error page", "text/html; charset=utf-8", "<h1>abc</h1>", "<h1>abc</h1>"),
            ("a chain", "application/pem-certificate-chain", "-----BEGIN", "-----BEGIN"),
        ] {
            let shown = shown(kind, body.as_bytes());
            assert!(shown.contains(want), "{why}: {shown}");
        }
    }

    #[test]
    fn however_large_the_answer_little_is_shown() {
        let large = vec![b'x'; MAX_SHOWN + 1];
        let deep = [vec![b'['; MAX_SHOWN / 2], vec![b']'; MAX_SHOWN / 2]].concat();
        let list = format!("[{}1]", "1,".repeat(MAX_SHOWN)).into_bytes();
        for (kind, body) in [("text/plain", large), ("application/json", deep), ("application/json", list)] {
            let want = format!("content-type: {kind}\n\n[{} octets]\n", body.len());
            assert_eq!(shown(kind, &body), want);
        }
    }

    #[test]
    fn headers_that_let_somebody_in_are_hidden() {
        let mut headers = HeaderMap::new();
        for name in SECRET_HEADERS {
            headers.insert(name, "SECRET".parse().unwrap());
        }
        let mut marked: http::HeaderValue = "SECRET".parse().unwrap();
        marked.set_sensitive(true);
        headers.insert("x-marked", marked);
        headers.insert("replay-nonce", "abc".parse().unwrap());
        let message = Message::new(&headers, b"SECRET");
        for text in [message.to_string(), format!("{message:?}")] {
            assert!(!text.contains("SECRET"), "{text}");
        }
        assert!(message.to_string().contains("replay-nonce: abc\n"), "the nonce of the next request is no secret");
        assert_eq!(message.unredacted_body(), b"SECRET");
        assert_eq!(message.unredacted_headers()["cookie"], "SECRET");
    }
}
