//! Who holds a TCP port, as /proc tells (proc(5)).

use std::fs;
use std::path::Path;

/// Who listens on a port, in words: `nginx (process 123)`; less where this user may see less. `None` when it seems that
/// nobody does.
pub(crate) fn holder(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let listener = tables.iter().find_map(|table| listener(&fs::read_to_string(table).ok()?, port))?;
    Some(match process(&listener.inode) {
        Some((id, name)) => format!("{name} (process {id})"),
        None => format!("a program of user {}, which root can name", listener.user),
    })
}

/// A socket that listens.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    user: String,
    inode: String,
}

/// The first socket in such a table that listens on the port.
fn listener(table: &str, port: u16) -> Option<Listener> {
    let end = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, local, _, state, _, _, _, user, _, inode, ..] = words.as_slice() else { return None };
        // 0A is TCP_LISTEN.
        (local.ends_with(&end) && *state == "0A").then(|| Listener { user: (*user).into(), inode: (*inode).into() })
    })
}

/// The process that has the socket open, and its name.
fn process(inode: &str) -> Option<(u32, String)> {
    let target = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))).find_map(
        |(id, path)| {
            let name = || fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned();
            has_open(&path, &target).then(|| (id, name()))
        },
    )
}

fn has_open(process: &Path, target: &str) -> bool {
    let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    open.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|found| found.as_os_str() == target))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_sockets_that_listen_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100\n   \
             1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 22 1 0 100\n";
        assert_eq!(listener(table, 80), Some(Listener { user: "33".to_owned(), inode: "22".to_owned() }));
        assert_eq!(listener(table, 443), None);
        assert_eq!(listener("", 80), None);
    }

    #[test]
    fn this_very_process_is_found() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let found = holder(held.local_addr().unwrap().port()).unwrap();
        assert!(found.contains(&format!("process {}", std::process::id())), "{found}");
    }
}
