//! The vector files in this folder, each of which names its source.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]
#![allow(dead_code, reason = "each test file reads its own part")]

use serde_json::Value;

pub fn json(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(value["source"].is_string(), "a vector file names its source");
    value
}

pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is not a string in {value}"))
}

pub fn array<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().unwrap_or_else(|| panic!("{member} is not an array in {value}"))
}

pub fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "half an octet in {text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The DER of the last block of a PEM text.
pub fn der(pem: &str) -> Vec<u8> {
    let block = pem.rsplit("-----BEGIN ").next().unwrap();
    let base64: String = block.lines().skip(1).filter(|line| !line.starts_with('-')).collect();
    acme_jose::base64url::decode(base64.replace('+', "-").replace('/', "_").trim_end_matches('=')).unwrap()
}
