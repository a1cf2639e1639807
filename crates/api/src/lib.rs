//! One function per command, free of who asks: the local server over standard input and output, or the shell.

mod context;
mod file_commands;
mod git_commands;
mod handlers;
mod host_commands;
mod job_commands;
mod parts;
mod process_commands;
mod roots;
mod serve;

pub use context::{Call, Consent, Context, NoConsent, now};
pub use handlers::{Api, Handlers};
pub use parts::run_part;
pub use process_commands::{enter as enter_processes, shown as shown_command};
pub use roots::Roots;
pub use serve::serve;
