//! Findings as people read them: the worst first, in lines of 80 columns.

use super::code::Severity;
use super::finding::Finding;
use crate::failure::one_line;

/// Lines are not longer than this, unless a word is.
const WIDTH: usize = 80;

/// What stands left of every line but the first of a finding.
const INDENT: &str = "         ";

/// The worst first; else in the order they have.
pub(crate) fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(Finding::severity);
    findings
}

/// A finding as text, without a line's end.
pub(crate) fn text(finding: &Finding) -> String {
    let (code, evidence) = (finding.code, one_line(&finding.evidence));
    let start = format!("{:<9}", finding.severity().as_str());
    let name = finding.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let (meaning, name_of_code) = (code.meaning(), code.name());
    let mut lines = match code.fix() {
        None => filled(&start, &format!("{name}{meaning}: {evidence} [{name_of_code}]")),
        Some(_) => filled(&start, &format!("{name}{meaning} [{name_of_code}]")),
    };
    if let Some(fix) = code.fix() {
        lines.extend(filled(&format!("{INDENT}seen: "), &evidence));
        lines.extend(filled(&format!("{INDENT}fix:  "), fix));
    }
    lines.join("\n")
}

/// How it all went, in a line.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    format!("{}, {}, {} in order", plural(errors, "error"), plural(warnings, "warning"), count(Severity::Ok))
}

/// The words in lines: the first begins with `start`, the others are as far to the right.
fn filled(start: &str, words: &str) -> Vec<String> {
    let indent = " ".repeat(start.chars().count());
    let mut lines = vec![start.to_owned()];
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last().map_or(0, |line| line.chars().count());
        let is_empty = line <= indent.len();
        if !is_empty && line + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{indent}{word}"));
        } else if let Some(line) = lines.last_mut() {
            line.push_str(if is_empty { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::code::Code;
    use super::*;

    #[test]
    fn every_finding_fits_a_small_terminal() {
        for code in Code::ALL {
            let shown =
                text(&Finding::of("a.rather.long.name.example.test", *code, "some words of evidence ".repeat(9)));
            assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
        }
    }

    #[test]
    fn the_worst_comes_first_and_evidence_cannot_forge_lines() {
        let findings = sorted(vec![
            Finding::new(Code::PortFree, "b"),
            Finding::new(Code::ClockWrong, "c"),
            Finding::of("a.test", Code::DnsNxdomain, "192.0.2.1 says so\nok       all is well"),
        ]);
        assert_eq!(
            findings.iter().map(|finding| finding.code.name()).collect::<Vec<_>>(),
            ["dns-nxdomain", "clock-wrong", "port-free"]
        );
        assert_eq!(text(&findings[0]).lines().count(), 3);
        assert_eq!(text(&findings[2]), "ok       the port to listen on is free: b [port-free]");
        assert_eq!(summary(&findings), "1 error, 1 warning, 1 in order");
    }
}
