use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::secrets::{
	DeleteSecretRequest, SecretPlace, SecretStatus, SetSecretRequest, StoredKey, UnlockRequest,
};
use url::Url;
use zeroize::Zeroizing;

use crate::keychain::Keychain;
use crate::vault::{Vault, VaultError};

const LONGEST_KEY: usize = 4096;
const LONGEST_ENDPOINT: usize = 300;
const SHORTEST_PASSPHRASE: usize = 8;

/// All functions block, some until the user has unlocked the keychain.
pub struct Secrets {
	file: PathBuf,
	place: Mutex<Place>,
}

enum Place {
	Keychain(Keychain),
	File { vault: Vault, reason: String },
	Locked { reason: String },
}

/// What is kept under an endpoint's name: the key does not exist apart from where it may go.
#[derive(Serialize, Deserialize)]
struct Bound {
	origin: String,
	key: String,
}

impl Secrets {
	/// Uses the keychain of the system if it works.
	///
	/// `file` is where keys lie, encrypted, if it does not.
	pub fn open(file: &Path) -> Self {
		Self::with_keychain(Keychain::of_this_system(), file)
	}

	/// Uses no keychain, whatever the system has.
	pub fn in_file(file: &Path) -> Self {
		Self::with_keychain(Err("The keychain is not wanted.".to_owned()), file)
	}

	fn with_keychain(keychain: Result<Keychain, String>, file: &Path) -> Self {
		let place = match keychain {
			Ok(keychain) => Place::Keychain(keychain),
			Err(reason) => Place::Locked { reason },
		};
		Self { file: file.to_owned(), place: Mutex::new(place) }
	}

	pub fn status(&self) -> Result<SecretStatus, HostError> {
		let place = self.place();
		let (kind, reason, names) = match &*place {
			Place::Keychain(keychain) => {
				(SecretPlace::Keychain, None, keychain.names().map_err(keychain_failed)?)
			}
			Place::File { vault, reason } => (SecretPlace::File, Some(reason.clone()), vault.names()),
			Place::Locked { reason } => (SecretPlace::Locked, Some(reason.clone()), Vec::new()),
		};
		let mut keys = Vec::with_capacity(names.len());
		for endpoint in names {
			if let Some(bound) = read(&place, &endpoint)? {
				keys.push(StoredKey { endpoint, origin: bound.origin.clone() });
			}
		}
		Ok(SecretStatus { place: kind, has_file: self.file.exists(), reason, keys })
	}

	/// Stores a key for the origin of an address, in place of any that the endpoint had.
	pub fn set(&self, request: &SetSecretRequest) -> Result<(), HostError> {
		let SetSecretRequest { endpoint, url, key } = request;
		let origin = origin_of(url)?;
		let is_header = key.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
		if key.is_empty() || key.len() > LONGEST_KEY || !is_header {
			return Err(invalid("A key is made of printable characters without spaces."));
		}
		check_endpoint(endpoint)?;
		let bound = Zeroizing::new(
			serde_json::to_string(&Bound { origin, key: key.clone() })
				.map_err(|error| HostError::new(ErrorCode::Internal, error.to_string()))?,
		);
		match &mut *self.place() {
			Place::Keychain(keychain) => keychain.set(endpoint, &bound).map_err(keychain_failed),
			Place::File { vault, .. } => vault.set(endpoint, &bound).map_err(vault_failed),
			Place::Locked { .. } => Err(locked()),
		}
	}

	pub fn delete(&self, request: &DeleteSecretRequest) -> Result<(), HostError> {
		match &mut *self.place() {
			Place::Keychain(keychain) => keychain.delete(&request.endpoint).map_err(keychain_failed),
			Place::File { vault, .. } => vault.delete(&request.endpoint).map_err(vault_failed),
			Place::Locked { .. } => Err(locked()),
		}
	}

	/// Opens the file of keys, or makes it where there is none and no keychain either.
	pub fn unlock(&self, request: &UnlockRequest) -> Result<(), HostError> {
		let mut place = self.place();
		let Place::Locked { reason } = &*place else { return Ok(()) };
		if !self.file.exists() && request.passphrase.chars().count() < SHORTEST_PASSPHRASE {
			return Err(invalid("A passphrase has at least 8 characters."));
		}
		let vault = Vault::open(&self.file, &request.passphrase).map_err(vault_failed)?;
		*place = Place::File { vault, reason: reason.clone() };
		Ok(())
	}

	/// The key of an endpoint, if it may be sent to `origin`. Not for pages: they get what the key brings back.
	pub fn key_for(&self, endpoint: &str, origin: &str) -> Result<Option<Zeroizing<String>>, HostError> {
		let Some(mut bound) = read(&self.place(), endpoint)? else { return Ok(None) };
		if bound.origin != origin {
			return Err(HostError::new(
				ErrorCode::Denied,
				format!(
					"The key belongs to {} and is not sent to {origin}. Enter it again for the new address.",
					bound.origin
				),
			));
		}
		Ok(Some(Zeroizing::new(std::mem::take(&mut bound.key))))
	}

	fn place(&self) -> MutexGuard<'_, Place> {
		self.place.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Scheme, host and port of an address that a key may be sent to.
pub fn origin_of(url: &str) -> Result<String, HostError> {
	let url = Url::parse(url).map_err(|_| invalid("This is no address."))?;
	if !matches!(url.scheme(), "http" | "https") {
		return Err(invalid("An address begins with https:// or http://."));
	}
	if !url.username().is_empty() || url.password().is_some() {
		return Err(invalid("An address has no name and password in it."));
	}
	Ok(url.origin().ascii_serialization())
}

fn read(place: &Place, endpoint: &str) -> Result<Option<Bound>, HostError> {
	let kept = match place {
		Place::Keychain(keychain) => keychain.get(endpoint).map_err(keychain_failed)?,
		Place::File { vault, .. } => vault.get(endpoint),
		Place::Locked { .. } => None,
	};
	// What is there and not ours (an entry made by hand) is no key.
	Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
}

fn check_endpoint(endpoint: &str) -> Result<(), HostError> {
	if endpoint.is_empty() || endpoint.len() > LONGEST_ENDPOINT || endpoint.chars().any(char::is_control) {
		return Err(invalid("This is no name of an endpoint."));
	}
	Ok(())
}

fn invalid(message: &str) -> HostError {
	HostError::new(ErrorCode::Invalid, message)
}

fn locked() -> HostError {
	HostError::new(
		ErrorCode::Denied,
		"There is no keychain here: choose a passphrase for the file of keys first.",
	)
}

fn keychain_failed(message: String) -> HostError {
	HostError::new(ErrorCode::Internal, format!("The keychain refused: {message}"))
}

fn vault_failed(error: VaultError) -> HostError {
	match error {
		VaultError::WrongPassphrase => {
			HostError::new(ErrorCode::Denied, "This is not the passphrase of the file of keys.")
		}
		VaultError::Broken(message) => HostError::new(ErrorCode::Internal, message),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn origins_leave_out_paths_and_usual_ports() {
		assert_eq!(origin_of("https://a.example:443/v1/").ok().as_deref(), Some("https://a.example"));
		assert_eq!(origin_of("http://127.0.0.1:8080/v1?x").ok().as_deref(), Some("http://127.0.0.1:8080"));
		for url in ["", "a.example", "file:///etc/passwd", "https://me:pw@a.example/", "javascript:1"] {
			assert!(origin_of(url).is_err(), "{url} passed");
		}
	}

	#[test]
	fn a_keychain_keeps_keys_and_tells_their_origins() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("keys");
		let mock = keyring_core::mock::Store::new().unwrap();
		let secrets = Secrets::with_keychain(Keychain::probed(mock), &file);
		let set = |endpoint: &str, url: &str, key: &str| {
			secrets.set(&SetSecretRequest {
				endpoint: endpoint.to_owned(),
				url: url.to_owned(),
				key: key.to_owned(),
			})
		};
		set("e1", "https://a.example/v1", "sk-1").unwrap();
		set("e1", "https://b.example/v1", "sk-2").unwrap();
		let key = secrets.key_for("e1", "https://b.example").unwrap();
		assert_eq!(key.as_deref().map(String::as_str), Some("sk-2"));
		let refused = secrets.key_for("e1", "https://a.example").err().map(|error| error.code);
		assert_eq!(refused, Some(ErrorCode::Denied), "the first address has lost its key");
		assert!(secrets.key_for("e2", "https://b.example").unwrap().is_none());
		assert_eq!(
			set("e1", "https://b.example", "two words").err().map(|e| e.code),
			Some(ErrorCode::Invalid)
		);
		assert_eq!(set("", "https://b.example", "x").err().map(|e| e.code), Some(ErrorCode::Invalid));
		secrets.delete(&DeleteSecretRequest { endpoint: "e1".to_owned() }).unwrap();
		assert!(secrets.key_for("e1", "https://b.example").unwrap().is_none());
		assert!(!file.exists(), "nothing lies beside the keychain");
	}
}
