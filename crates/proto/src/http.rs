//! Traffic with model servers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
	Get,
	Post,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpRequest {
	pub method: HttpMethod,
	pub url: String,
	/// `Bearer stemma-key:<endpoint>` in `authorization` stands for a stored key.
	pub headers: BTreeMap<String, String>,
	pub body: Option<String>,
}

/// What comes before the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpHead {
	pub status: u16,
	/// Lower-case names; only those the page has a use for.
	pub headers: BTreeMap<String, String>,
}
