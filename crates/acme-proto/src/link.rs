//! `Link` headers (RFC 8288 §3): other chains, more pages, terms, help.

/// One link: its target, as it was written, and its relations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The target; perhaps relative to the URL that was asked.
    pub target: String,
    /// The relations, in lower case.
    pub relations: Vec<String>,
}

impl Link {
    /// The links of one header value. What cannot be read is left out.
    pub fn parse_all(value: &str) -> Vec<Self> {
        let mut links = Vec::new();
        let mut rest = value;
        while let Some((target, after)) = rest.split_once('<').and_then(|(_, tail)| tail.split_once('>')) {
            let (parameters, tail) = split_outside_quotes(after, ',');
            links.push(Self { target: target.trim().to_owned(), relations: relations(parameters) });
            rest = tail;
        }
        links
    }

    /// Whether the link has a relation.
    pub fn has(&self, relation: &str) -> bool {
        self.relations.iter().any(|mine| mine.eq_ignore_ascii_case(relation))
    }
}

/// The words of the first `rel` parameter; later ones do not count (RFC 8288 §3.3).
fn relations(mut parameters: &str) -> Vec<String> {
    while !parameters.is_empty() {
        let (parameter, tail) = split_outside_quotes(parameters, ';');
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            return value.split_ascii_whitespace().map(str::to_owned).collect();
        }
        parameters = tail;
    }
    Vec::new()
}

/// The text before the first `separator` that is not inside a quoted string, and the text behind it.
fn split_outside_quotes(text: &str, separator: char) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => return (&text[..at], &text[at + c.len_utf8()..]),
            _ => {}
        }
    }
    (text, "")
}
