//! Listing, reading and watching the files of a linked folder.
//!
//! A scan goes by paths and reads names only; whatever is opened is opened beneath the root. No link is
//! followed, and no ignore file is read that is not a small regular file.

mod ignore_files;
mod read;
mod scan;
mod watch;

pub use read::read;
pub use scan::scan;
pub use watch::{WatchOptions, watch, watch_with};

use std::sync::atomic::AtomicBool;

use stemma_paths::Root;

/// What every command is given besides its request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
	pub root: &'a Root,
	/// Set from another thread: the command ends with `Cancelled` soon.
	pub cancel: &'a AtomicBool,
}
