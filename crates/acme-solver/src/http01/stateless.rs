//! http-01 by a web server that answers for itself: token, dot, thumbprint, whatever the token is.

use std::fmt;
use std::net::SocketAddr;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_jose::Thumbprint;
use acme_proto::{ChallengeType, Identifier};

use super::{PREFIX, answer, challenge_types};
use crate::sight::{self, Sight};

/// Puts nothing in place: a web server that was [told the account key's thumbprint](WebServer::lines) once answers every
/// challenge of that account. It only looks.
#[derive(Clone, Debug, Default)]
pub struct Stateless {
    check_at: Option<SocketAddr>,
}

impl Stateless {
    /// With web servers that know the thumbprint.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for the answer at this address rather than on port 80 of the name.
    pub fn check_at(mut self, address: SocketAddr) -> Self {
        self.check_at = Some(address);
        self
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        match sight::http01(task, self.check_at) {
            Sight::Right => Ok(Readiness::Ready),
            Sight::Unclear(why) => Ok(Readiness::Unseen(why)),
            Sight::Wrong(why) => Err(SolverError::new(
                why,
                format!(
                    "make the web server of {} answer {PREFIX}TOKEN over plain HTTP on port 80 with TOKEN, a dot and the \
                     thumbprint of this account's key: `luacme keyauth` prints the lines for its configuration",
                    task.identifier
                ),
            )),
        }
    }
}

impl Solver for Stateless {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| answer(task).map(drop)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }
}

/// A web server that can answer for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebServer {
    /// nginx, of any version.
    Nginx,
    /// Apache httpd from 2.4.13 on, with mod_rewrite.
    Apache,
    /// Caddy from 2 on.
    Caddy,
    /// HAProxy from 2.2 on.
    HaProxy,
}

impl WebServer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::Apache, Self::Caddy, Self::HaProxy];

    /// Where the lines go.
    pub fn place(self) -> &'static str {
        match self {
            Self::Nginx => "in the server block for port 80",
            Self::Apache => "in the virtual host for port 80",
            Self::Caddy => "in the site block for http://",
            Self::HaProxy => "in the frontend for port 80, before other http-request lines",
        }
    }

    /// The lines of its configuration that answer challenges of the account whose key has this thumbprint: with a copy of the
    /// token only if it is one, so that nothing else of a request comes back (RFC 8555 §11.3).
    pub fn lines(self, thumbprint: &Thumbprint) -> String {
        self.template().replace("THUMBPRINT", &thumbprint.to_base64url())
    }

    fn template(self) -> &'static str {
        match self {
            Self::Nginx => {
                r#"location ~ "^/\.well-known/acme-challenge/([-_a-zA-Z0-9]+)$" {
    default_type application/octet-stream;
    return 200 "$1.THUMBPRINT";
}
"#
            }
            Self::Apache => {
                r#"<LocationMatch "^/\.well-known/acme-challenge/(?<challenge>[-_a-zA-Z0-9]+)$">
    RewriteEngine On
    RewriteRule ^ - [R=200,L]
    ErrorDocument 200 "%{ENV:MATCH_CHALLENGE}.THUMBPRINT"
</LocationMatch>
"#
            }
            Self::Caddy => {
                r#"@acme path_regexp acme ^/\.well-known/acme-challenge/([-_a-zA-Z0-9]+)$
respond @acme "{re.acme.1}.THUMBPRINT" 200
"#
            }
            Self::HaProxy => {
                r#"http-request return status 200 content-type application/octet-stream lf-string "%[path,field(-1,/)].THUMBPRINT" if { path_reg '^/\.well-known/acme-challenge/[-_a-zA-Z0-9]+$' }
"#
            }
        }
    }
}

impl fmt::Display for WebServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
            Self::HaProxy => "HAProxy",
        })
    }
}
