//! Work that takes a while: what runs, how it is stopped, how its results flow, and in which process.
//!
//! Nothing here knows what the work is, nor who shows it. Whatever is started here can be stopped.

mod cancel;
mod child;
mod guard;
mod once;
mod process;
mod registry;
mod window;
mod worker;

pub use cancel::{Cancel, Hook};
pub use child::OwnBinary;
pub use guard::run_guard;
pub use once::Once;
pub use process::{Ending, Process, run_process};
pub use registry::{JobHandle, Log, Registry};
pub use window::{Stopped, Window};
pub use worker::{Frame, WorkerCall, WorkerPool, limit_this_process};
