//! Commands of hooks, as they are given and kept.

use std::path::{Path, absolute};

/// A command as it is kept: split into words as a shell does, its program as it is found from everywhere. Nothing is expanded
/// and no shell is asked, so that no value can become a command.
pub(crate) fn parse(command: &str) -> Result<String, String> {
    if command.trim().is_empty() {
        return Ok(String::new());
    }
    let mut words = match Path::new(command).is_file() {
        true => vec![command.to_owned()],
        false => shlex::split(command).filter(|words| !words.is_empty()).ok_or("a quote is not closed")?,
    };
    if words[0].contains('/') {
        words[0] = absolute(&words[0]).map_err(|error| error.to_string())?.display().to_string();
    }
    shlex::try_join(words.iter().map(String::as_str)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_and_no_line_for_a_shell() {
        let folder = tempfile::tempdir().unwrap();
        let blank = folder.path().join("with blank");
        std::fs::write(&blank, "").unwrap();
        let blank = blank.to_str().unwrap();
        let here = std::env::current_dir().unwrap().join("deploy.sh").display().to_string();
        for (why, command, want) in [
            ("a program", "reload", Ok(vec!["reload".to_owned()])),
            ("with arguments", "nginx -s  reload", Ok(vec!["nginx".into(), "-s".into(), "reload".into()])),
            ("quoted", r#"say 'a b' "c d" e\ f"#, Ok(vec!["say".into(), "a b".into(), "c d".into(), "e f".into()])),
            (
                "nothing is expanded",
                "say $HOME `id` *",
                Ok(vec!["say".into(), "$HOME".into(), "`id`".into(), "*".into()]),
            ),
            ("nor does anything end a word", "say a;b", Ok(vec!["say".into(), "a;b".into()])),
            ("a file of that name", blank, Ok(vec![blank.to_owned()])),
            ("seen from everywhere", "./deploy.sh x", Ok(vec![here, "x".into()])),
            ("none", "  ", Ok(vec![])),
            ("a quote that is not closed", "say 'a", Err(())),
        ] {
            let words = parse(command).map(|kept| shlex::split(&kept).unwrap());
            assert_eq!(words.map_err(drop), want, "{why}");
        }
    }
}
