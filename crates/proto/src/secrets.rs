//! Keys of model endpoints: a page may store, replace and delete them, and never sees one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where keys are kept on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
	/// The keychain of the operating system.
	Keychain,
	/// A file, encrypted with a passphrase that was given.
	File,
	/// There is no keychain, and the file needs its passphrase, or a first one.
	Locked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStatus {
	pub place: SecretPlace,
	/// Locked: whether there is a file already, so that the passphrase is its own and not a new one.
	pub has_file: bool,
	/// Why the keychain is not used.
	pub reason: Option<String>,
	/// Endpoints that have a key; empty while locked.
	pub keys: Vec<StoredKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredKey {
	pub endpoint: String,
	/// The only place the key is sent to: scheme, host and port.
	pub origin: String,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetSecretRequest {
	pub endpoint: String,
	/// The endpoint's address; its origin is what the key is bound to.
	pub url: String,
	pub key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteSecretRequest {
	pub endpoint: String,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnlockRequest {
	/// Of the file; where there is none yet, it is made with this one.
	pub passphrase: String,
}
