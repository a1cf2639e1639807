//! What the page and the host say to each other: data, error codes and the table of commands.

pub mod error;
