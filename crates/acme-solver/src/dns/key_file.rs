//! The keys in the text of a BIND configuration.

/// One `key` statement.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) algorithm: &'a str,
    pub(super) secret: &'a str,
}

/// The keys, wherever they stand. None when a string or a comment does not end.
pub(super) fn read(text: &str) -> Option<Vec<Entry<'_>>> {
    let words = words(text)?;
    let entry = |index: usize| match &words[index..] {
        ["key", name, "{", inner @ ..] => entry(name, inner),
        _ => None,
    };
    Some((0..words.len()).filter_map(entry).collect())
}

fn entry<'a>(name: &'a str, inner: &[&'a str]) -> Option<Entry<'a>> {
    let end = inner.iter().position(|word| *word == "}")?;
    let value =
        |of: &str| inner[..end].windows(3).find(|words| words[0] == of && words[2] == ";").map(|words| words[1]);
    Some(Entry { name, algorithm: value("algorithm")?, secret: value("secret")? })
}

/// The words, without quotes and comments; each of `{`, `}` and `;` is one.
fn words(text: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = first(rest)?;
        words.extend(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// The first word, unless it is a comment, and what follows it.
fn first(text: &str) -> Option<(Option<&str>, &str)> {
    if text.starts_with('#') || text.starts_with("//") {
        return Some((None, text.split_once('\n').map_or("", |(_, after)| after)));
    }
    if let Some(comment) = text.strip_prefix("/*") {
        return Some((None, comment.split_once("*/")?.1));
    }
    if let Some(string) = text.strip_prefix('"') {
        let (word, after) = string.split_once('"')?;
        return Some((Some(word), after));
    }
    let end = text.find(|c: char| c.is_whitespace() || "{};\"".contains(c)).unwrap_or(text.len());
    let (word, after) = text.split_at(end.max(1));
    Some((Some(word), after))
}
