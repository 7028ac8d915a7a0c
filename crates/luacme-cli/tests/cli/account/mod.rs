//! `luacme account`.

mod lifecycle;
mod rekey;
