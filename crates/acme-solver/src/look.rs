//! What a look at one address of a name shows.

use std::io;

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
