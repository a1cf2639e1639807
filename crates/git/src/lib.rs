//! Reading Git repositories that may be hostile, and applying patches to their working trees.
//!
//! Nothing here runs a program a repository names, follows it out of its folder unasked or trusts a size
//! it states. What a library could still be made to do (hang, run out of memory) ends with the process:
//! callers run these functions in a child they can kill.

mod apply;
mod blame;
mod changes;
mod commit;
mod diff;
mod error;
mod hunks;
mod info;
mod layout;
mod log;
mod look;
mod patch;
mod refs;
mod renames;
mod repository;
mod runner;
mod staged;
mod status;
mod tree;
mod worktree;

pub use apply::{apply, undo};
pub use blame::blame;
pub use commit::commit;
pub use diff::diff;
pub use error::GitError;
pub use info::info;
pub use log::{Ingested, ingest, log};
pub use refs::{refs, stashes};
pub use repository::{Context, Reach};
pub use runner::{Git, GitOutput, GitRequest};
pub use status::status;
pub use tree::{file, file_info, tree};
