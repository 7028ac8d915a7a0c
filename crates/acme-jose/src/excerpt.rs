//! How much an error repeats of what somebody else wrote.

use alloc::string::String;

/// In characters. Whatever was meant is shorter.
const SHOWN: usize = 80;

/// The start of a text.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.into(),
        Some((end, _)) => [&text[..end], "…"].concat(),
    }
}
