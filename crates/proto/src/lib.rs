//! What the page and the host say to each other: data, error codes and the table of commands.

pub mod command;
pub mod error;
pub mod files;
pub mod git;
pub mod host;
pub mod http;
pub mod jobs;
pub mod process;
pub mod roots;
pub mod secrets;
pub mod shell;
pub mod store;
pub mod table;
pub mod wire;
