//! The database of the desktop: one connection that writes, several that read, in one file with a log (WAL).
//! It takes transactions as data and gives packed rows; it knows nothing of windows, channels or JSON lines.

mod connection;
mod copies;
mod incoming;
mod migrate;
pub mod pack;
mod pool;
mod restore;
mod store;

pub use store::{OpenOptions, Store};
