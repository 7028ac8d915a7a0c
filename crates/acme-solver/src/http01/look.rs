//! A look at one address for an answer to http-01, for whoever wants to know which of the addresses of a name is wrong.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Look;
use crate::fetch::fetch_within;
use crate::sight::{self, Sight};

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
