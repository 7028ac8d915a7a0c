//! A look at one address for an answer to http-01, for whoever wants to know which of the addresses of a name is wrong.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::fetch::fetch_within;
use crate::sight::{self, Sight};

/// What stands at an address.
#[derive(Debug)]
#[non_exhaustive]
pub enum Look {
    /// The answer.
    Right,
    /// Something else, or nothing, in its place: what.
    Wrong(String),
    /// A redirect to this URL. CAs follow it, this look does not.
    Redirect(String),
    /// Nobody answers, or not in time, or not in HTTP.
    Silent(io::Error),
}

/// Looks for the answer `body` at `url`, which begins with `http://`, as the host at this address shows it (RFC 8555 §8.3).
pub fn look(url: &str, body: &str, address: SocketAddr, timeout: Duration) -> Look {
    let (host, path) = sight::host_and_path(url);
    let answer = match fetch_within(timeout, &[address], host, path) {
        Ok(answer) => answer,
        Err(why) => return Look::Silent(why),
    };
    match (answer.status, &answer.location) {
        (300..=399, Some(target)) => Look::Redirect(target.clone()),
        _ => match sight::judge(url, &answer, body) {
            Sight::Right => Look::Right,
            Sight::Wrong(why) | Sight::Unclear(why) => Look::Wrong(why),
        },
    }
}
