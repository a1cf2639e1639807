//! Requests to model servers, with the stored key put in where a page wrote its stand-in.

mod http;

pub use http::{Frame, Http};
