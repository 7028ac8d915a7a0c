//! A chain as text: as it should be (RFC 8555 §9.1), or as it should not.

use crate::behaviour::Behaviour;
use crate::state::State;

/// A block that no chain may hold (RFC 8555 §11.4). It is no key, but it looks like one.
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";

/// The text of `[leaf, intermediate, root]`: the root is left out.
pub(crate) fn text(state: &State, [leaf, intermediate, root]: &[String; 3]) -> String {
    let mut blocks = vec![leaf.clone(), intermediate.clone()];
    if state.has(Behaviour::ChainWithRoot) {
        blocks.push(root.clone());
    }
    if state.has(Behaviour::ChainLeafOnly) {
        blocks.truncate(1);
    }
    if state.has(Behaviour::ChainEmpty) {
        blocks.clear();
    }
    if state.has(Behaviour::ChainReversed) {
        blocks.reverse();
    }
    if state.has(Behaviour::ChainWithKey) {
        blocks.push(PRIVATE_KEY.to_string());
    }
    if state.has(Behaviour::ChainText) {
        blocks.iter_mut().for_each(|block| block.insert_str(0, "subject=CN = a certificate\n"));
    }
    let text = blocks.join(if state.has(Behaviour::ChainBlankLines) { "\n" } else { "" });
    if state.has(Behaviour::ChainCrlf) { text.replace('\n', "\r\n") } else { text }
}
