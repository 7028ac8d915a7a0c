//! What a program writes: lines to show, and what is kept of them.

use std::collections::VecDeque;
use std::mem;
use std::path::Path;

/// Of one run, output beyond this many octets is read, so that the program can go on, but not looked at.
const MAX_OUTPUT: usize = 1 << 20;

/// Longer lines are broken.
const MAX_LINE: usize = 4096;

/// So many lines, the last ones, are part of an error.
const TAIL: usize = 20;

/// Of the standard output so many octets are kept for the clean-up: what fits into an environment variable.
const MAX_KEPT: usize = 64 << 10;

/// Where a program wrote something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// A line that a program wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputLine<'a> {
    /// The program, as it was named.
    pub program: &'a Path,
    /// Where it wrote the line.
    pub stream: Stream,
    /// The line without its end. Control characters are escaped, and what is not UTF-8 is replaced.
    pub text: &'a str,
}

/// Takes the output of one run.
pub(super) struct Output<'a> {
    program: &'a Path,
    sink: &'a dyn Fn(&OutputLine<'_>),
    taken: usize,
    stdout: Vec<u8>,
    /// The unfinished line of each stream.
    lines: [Vec<u8>; 2],
    tail: VecDeque<String>,
}

impl<'a> Output<'a> {
    pub(super) fn new(program: &'a Path, sink: &'a dyn Fn(&OutputLine<'_>)) -> Self {
        let (stdout, lines, tail) = Default::default();
        Self { program, sink, taken: 0, stdout, lines, tail }
    }

    pub(super) fn take(&mut self, stream: Stream, octets: &[u8]) {
        if stream == Stream::Stdout {
            let room = MAX_KEPT - self.stdout.len();
            self.stdout.extend_from_slice(&octets[..octets.len().min(room)]);
        }
        let was_full = self.taken >= MAX_OUTPUT;
        self.taken = self.taken.saturating_add(octets.len());
        if was_full {
            return;
        }
        for octet in octets {
            self.push(stream, *octet);
        }
        if self.taken >= MAX_OUTPUT {
            self.end_line(stream);
            self.show(stream, "(more output is not shown)".to_owned());
        }
    }

    /// Shows what is left; gives the beginning of the standard output, and the last lines of both streams.
    pub(super) fn finish(mut self) -> (Vec<u8>, Vec<String>) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if !self.lines[stream as usize].is_empty() {
                self.end_line(stream);
            }
        }
        (self.stdout, self.tail.into())
    }

    fn push(&mut self, stream: Stream, octet: u8) {
        let line = &mut self.lines[stream as usize];
        if octet != b'\n' {
            line.push(octet);
        }
        if octet == b'\n' || line.len() >= MAX_LINE {
            self.end_line(stream);
        }
    }

    fn end_line(&mut self, stream: Stream) {
        let line = mem::take(&mut self.lines[stream as usize]);
        let line = String::from_utf8_lossy(&line);
        self.show(stream, escaped(line.strip_suffix('\r').unwrap_or(&line)));
    }

    fn show(&mut self, stream: Stream, text: String) {
        (self.sink)(&OutputLine { program: self.program, stream, text: &text });
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(text);
    }
}

/// The text, safe for a terminal: control characters do not act, and none changes the direction of what is read.
fn escaped(text: &str) -> String {
    let acts = |c: char| c.is_control() && c != '\t';
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match acts(c) || turns(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What is shown, what is kept of the standard output, and the tail.
    fn taken(pieces: &[(Stream, &[u8])]) -> (Vec<String>, Vec<u8>, Vec<String>) {
        let shown = RefCell::default();
        let sink = |line: &OutputLine<'_>| -> () { Vec::push(&mut *shown.borrow_mut(), line.text.to_owned()) };
        let mut output = Output::new(Path::new("p"), &sink);
        for (stream, piece) in pieces {
            output.take(*stream, piece);
        }
        let (kept, tail) = output.finish();
        (shown.take(), kept, tail)
    }

    #[test]
    fn output_becomes_lines_that_do_no_harm() {
        use Stream::{Stderr, Stdout};
        for (why, pieces, want) in [
            ("lines", &[(Stdout, &b"a\nb\n"[..])][..], &["a", "b"][..]),
            ("pieces of a line", &[(Stdout, b"a"), (Stdout, b"b\n")], &["ab"]),
            ("streams do not mix", &[(Stdout, b"a"), (Stderr, b"b\n"), (Stdout, b"c\n")], &["b", "ac"]),
            ("no end of line", &[(Stdout, b"a\nb")], &["a", "b"]),
            ("empty lines", &[(Stdout, b"\n\n")], &["", ""]),
            ("line ends of others", &[(Stdout, b"a\r\n")], &["a"]),
            ("tabs are harmless", &[(Stdout, b"a\tb\n")], &["a\tb"]),
            ("escape sequences are not", &[(Stderr, b"\x1b[2J\x07\n")], &["\\u{1b}[2J\\u{7}"]),
            ("nor is turned text", &[(Stderr, "a\u{202e}b\n".as_bytes())], &["a\\u{202e}b"]),
            ("not UTF-8", &[(Stdout, b"a\xff\xfeb\n")], &["a\u{fffd}\u{fffd}b"]),
            ("nothing", &[], &[]),
        ] {
            assert_eq!(taken(pieces).0, want, "{why}");
        }
    }

    #[test]
    fn output_is_bounded() {
        let much = vec![b'x'; MAX_OUTPUT + 5];
        let (shown, kept, tail) =
            taken(&[(Stream::Stdout, &much), (Stream::Stdout, &much), (Stream::Stderr, b"late\n")]);
        assert!(shown.iter().all(|line| line.len() <= MAX_LINE), "lines are broken");
        assert_eq!(shown.last().map(String::as_str), Some("(more output is not shown)"));
        assert_eq!((kept.len(), tail.len()), (MAX_KEPT, TAIL));
    }

    #[test]
    fn the_tail_is_the_end() {
        let lines: String = (0..100).map(|number| format!("{number}\n")).collect();
        let (_, kept, tail) = taken(&[(Stream::Stdout, lines.as_bytes())]);
        assert_eq!((tail.first().map(String::as_str), tail.last().map(String::as_str)), (Some("80"), Some("99")));
        assert_eq!(kept, lines.as_bytes());
    }
}
