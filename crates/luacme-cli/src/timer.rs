//! `luacme timer`: units for systemd, or a line for cron. Nothing is installed.

use std::path::{Path, absolute};

use serde_json::json;

use crate::Done;
use crate::arguments::{Shared, Timer};
use crate::failure::Failure;
use crate::output::Output;
use crate::renewal::random;
use crate::state::State;

/// Hooks run in here, too: nothing that would keep them from copying certificates and reloading servers.
const SANDBOX: &str = "\
# Hooks run in here, too. If yours allow it, add ProtectSystem=strict with ReadWritePaths=
PrivateTmp=yes
ProtectSystem=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictRealtime=yes
SystemCallArchitectures=native";

pub(crate) fn run(shared: &Shared, verb: &Timer, output: &Output) -> Result<Done, Failure> {
    let dir = State::locate(shared)?.dir;
    let dir = absolute(&dir).map_err(|error| Failure::file("find", &dir, error))?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("cannot find where luacme is: {error}"), "run it by its path"))?;
    let [program, dir] = [text(&program)?, text(&dir)?];
    let text = match verb {
        Timer { cron: true, .. } => cron(program, dir, random())?,
        Timer { service: true, .. } => service(program, dir),
        _ => timer(program, dir),
    };
    output.answer(json!({"event": "timer", "text": text}), &text);
    Ok(Done::Complete)
}

fn text(path: &Path) -> Result<&str, Failure> {
    let plain = path.to_str().filter(|text| !text.contains(char::is_control));
    plain.ok_or_else(|| Failure::usage(format!("{} cannot stand in a unit", path.display()), "rename it"))
}

fn timer(program: &str, dir: &str) -> String {
    let (program, dir) = (quoted(program), quoted(dir));
    format!(
        "# /etc/systemd/system/luacme-renew.service\n[Unit]\nDescription=Renew certificates\n\
         Wants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n\
         ExecStart={program} renew --dir {dir}\n# Later is soon enough: the timer comes again.\nSuccessExitStatus=75\n\
         {SANDBOX}\n\n# /etc/systemd/system/luacme-renew.timer\n[Unit]\nDescription=Renew certificates four times a day\n\n\
         [Timer]\nOnCalendar=*-*-* 00/6:00:00\nRandomizedDelaySec=6h\nPersistent=yes\n\n\
         [Install]\nWantedBy=timers.target\n\n\
         # Then: systemctl daemon-reload && systemctl enable --now luacme-renew.timer"
    )
}

fn service(program: &str, dir: &str) -> String {
    let (program, dir) = (quoted(program), quoted(dir));
    format!(
        "# /etc/systemd/system/luacme.service\n[Unit]\nDescription=Keep certificates renewed\n\
         Wants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=notify\nExecStart={program} run --dir {dir}\n\
         ExecReload=/bin/kill -HUP $MAINPID\nRestart=on-failure\nRestartSec=1min\nWatchdogSec=5min\n\
         # Stopped while a certificate was under way: what was in place is taken away.\nSuccessExitStatus=143\n\
         {SANDBOX}\n\n[Install]\nWantedBy=multi-user.target\n\n\
         # Then: systemctl daemon-reload && systemctl enable --now luacme.service"
    )
}

/// Four times a day, at a minute that each computer has for itself.
fn cron(program: &str, dir: &str, random: u64) -> Result<String, Failure> {
    let (minute, hour) = (random % 60, random / 60 % 6);
    let hours = [0, 6, 12, 18].map(|start| (start + hour).to_string()).join(",");
    let words = [program, "renew", "-q", "--random-sleep", "--dir", dir];
    let command = shlex::try_join(words)
        .map_err(|error| Failure::usage(format!("{dir:?} cannot stand in a command: {error}"), "rename it"))?;
    // A bare percent sign ends the command for cron.
    Ok(format!("{minute} {hours} * * * {}", command.replace('%', "\\%")))
}

/// As one word of a command in a unit (systemd.service(5)): nothing in it is expanded.
fn quoted(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    match escaped == word && !word.contains(' ') {
        true => escaped,
        false => format!("\"{escaped}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_what_they_are() {
        assert_eq!(quoted("/usr/bin/luacme"), "/usr/bin/luacme");
        assert_eq!(quoted("/a b/100%/$x\"\\"), "\"/a b/100%%/$$x\\\"\\\\\"");
        let line = cron("/bin/luacme", "/a b/100%", 61 + 60 * 7).unwrap();
        assert_eq!(line, "1 2,8,14,20 * * * /bin/luacme renew -q --random-sleep --dir '/a b/100\\%'");
        assert!(timer("/bin/luacme", "/d").contains("ExecStart=/bin/luacme renew --dir /d\n"));
        assert!(service("/bin/luacme", "/d").contains("Type=notify\nExecStart=/bin/luacme run --dir /d\n"));
    }
}
