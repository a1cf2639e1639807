//! Linked folders and the paths inside them.
//!
//! The page knows a root by its id and says paths relative to it. Nothing here resolves a path first and
//! opens it later: the kernel checks that a path stays beneath the root while it opens it.

mod beneath;
mod error;
mod name;
mod rel_path;
mod root;

pub use beneath::{open_beneath, open_plain_folder, stat_beneath};
pub use error::PathError;
pub use name::{bytes_to_text, is_git_name, name_problem, text_to_bytes};
pub use rel_path::RelPath;
pub use root::{Identity, Kind, OpenFile, Root};
