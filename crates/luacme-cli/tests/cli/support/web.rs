//! A web server of somebody else's: it shows a folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Shows the files of a folder as long as the test runs.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Web {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shown = folder.path().to_owned();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &shown)));
        Self { address, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file where this URL will show it.
    pub(crate) fn put(&self, url: &str, content: &str) {
        let path = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an http URL").1;
        let file = self.folder().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
}

/// Answers one request. That the client goes away before it has read the answer is its own affair.
fn answer(stream: TcpStream, folder: &Path) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(request) = lines.next() else { return };
    lines.for_each(drop);
    let path: PathBuf = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').into();
    let (status, body) = match std::fs::read(folder.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = (&stream).write_all(&[head.as_bytes(), &body].concat());
}
