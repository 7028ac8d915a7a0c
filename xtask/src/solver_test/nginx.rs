//! nginx with a configuration of ours: web roots, and http-01 answered without files.

use std::{fs, net::SocketAddr, path::Path};

use super::name_server::{PATIENCE, program};
use crate::child::Child;

/// One server of it.
pub(crate) enum Site<'a> {
    /// Shows this folder.
    Folder(SocketAddr, &'a Path),
    /// Has these lines, which answer http-01.
    Lines(SocketAddr, &'a str),
}

impl Site<'_> {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Folder(address, _) | Self::Lines(address, _) => *address,
        }
    }

    fn block(&self) -> String {
        match self {
            Self::Folder(address, folder) => format!("server {{ listen {address}; root {}; }}\n", folder.display()),
            Self::Lines(address, lines) => format!("server {{ listen {address}; {lines} }}\n"),
        }
    }
}

/// Starts nginx in an empty folder; dropping it ends it.
pub(crate) fn start(folder: &Path, sites: &[Site<'_>]) -> anyhow::Result<Child> {
    let blocks: String = sites.iter().map(Site::block).collect();
    let temp = |kind: &str| format!("{kind}_temp_path {}/{kind};\n", folder.display());
    let temps: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].into_iter().map(temp).collect();
    // One process: it ends with the one we started, and reads what that may read.
    let text = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log \
         {0}/access.log;\n{temps}{blocks}}}\n",
        folder.display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    let mut command = program("nginx", "nginx-light")?;
    command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(file);
    let mut nginx = Child::spawn(command, &folder.join("nginx.out"), &folder.join("nginx.err"))?;
    sites.iter().try_for_each(|site| nginx.wait_for_port(site.address(), PATIENCE))?;
    Ok(nginx)
}
