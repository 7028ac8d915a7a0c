//! `luacme account`.

mod export;
mod import;
mod lifecycle;
mod rekey;
