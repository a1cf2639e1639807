//! Keys of model endpoints, in the keychain of the system or, where there is none, in a file under a passphrase.
//! Each is bound to the origin it was stored for. Nothing here ever writes a key that is not encrypted, and only
//! `stemma_http` reads one.

mod keychain;
mod secrets;
mod vault;

pub use secrets::{Secrets, origin_of};
pub use zeroize::Zeroizing;
