//! A file of secrets under a passphrase: Argon2id makes the key, XChaCha20-Poly1305 seals the whole.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const FORMAT: u32 = 1;
const LARGEST: u64 = 1 << 20;
const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// What is asked for a new file. An existing one says its own, within bounds.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 32;
const MOST_LANES: u32 = 8;

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
	memory_kib: u32,
	passes: u32,
	lanes: u32,
}

/// The file. All but `sealed` is authenticated with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
	format: u32,
	cost: Cost,
	salt: String,
	nonce: String,
	sealed: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum VaultError {
	/// Not this passphrase, or not the file it was.
	WrongPassphrase,
	Broken(String),
}

pub struct Vault {
	path: PathBuf,
	key: Zeroizing<[u8; KEY_BYTES]>,
	cost: Cost,
	salt: [u8; SALT_BYTES],
	/// Values are wiped when they go.
	secrets: BTreeMap<String, Zeroizing<String>>,
}

impl Vault {
	/// Opens the file with its passphrase, or makes it.
	pub fn open(path: &Path, passphrase: &str) -> Result<Self, VaultError> {
		match read_capped(path)? {
			Some(text) => Self::unseal(path, &text, passphrase),
			None => {
				let mut salt = [0; SALT_BYTES];
				random(&mut salt)?;
				let key = derive(passphrase, &salt, COST)?;
				let vault = Self { path: path.to_owned(), key, cost: COST, salt, secrets: BTreeMap::new() };
				vault.save()?;
				Ok(vault)
			}
		}
	}

	pub fn set(&mut self, name: &str, secret: &str) -> Result<(), VaultError> {
		self.secrets.insert(name.to_owned(), Zeroizing::new(secret.to_owned()));
		self.save()
	}

	pub fn delete(&mut self, name: &str) -> Result<(), VaultError> {
		match self.secrets.remove(name) {
			Some(_) => self.save(),
			None => Ok(()),
		}
	}

	pub fn get(&self, name: &str) -> Option<Zeroizing<String>> {
		self.secrets.get(name).cloned()
	}

	pub fn names(&self) -> Vec<String> {
		self.secrets.keys().cloned().collect()
	}

	fn unseal(path: &Path, text: &str, passphrase: &str) -> Result<Self, VaultError> {
		let file: Sealed =
			serde_json::from_str(text).map_err(|_| broken("is not what this program wrote"))?;
		if file.format != FORMAT {
			return Err(broken("was written by a newer version of Stemma"));
		}
		let salt = bytes::<SALT_BYTES>(&file.salt)?;
		let nonce = bytes::<NONCE_BYTES>(&file.nonce)?;
		let sealed = STANDARD.decode(&file.sealed).map_err(|_| broken("is damaged"))?;
		let key = derive(passphrase, &salt, file.cost)?;
		let payload = Payload { msg: &sealed, aad: &associated(file.cost, &salt) };
		let plain = XChaCha20Poly1305::new((&*key).into())
			.decrypt(XNonce::from_slice(&nonce), payload)
			.map(Zeroizing::new)
			.map_err(|_| VaultError::WrongPassphrase)?;
		let secrets: BTreeMap<String, String> =
			serde_json::from_slice(&plain).map_err(|_| broken("is damaged"))?;
		let secrets = secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect();
		Ok(Self { path: path.to_owned(), key, cost: file.cost, salt, secrets })
	}

	/// All or nothing, and never readable by others, not even for a moment.
	fn save(&self) -> Result<(), VaultError> {
		let plain: BTreeMap<&str, &str> =
			self.secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
		let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| broken("cannot be written"))?);
		let mut nonce = [0; NONCE_BYTES];
		random(&mut nonce)?;
		let payload = Payload { msg: &plain, aad: &associated(self.cost, &self.salt) };
		let sealed = XChaCha20Poly1305::new((&*self.key).into())
			.encrypt(XNonce::from_slice(&nonce), payload)
			.map_err(|_| broken("cannot be written"))?;
		let file = Sealed {
			format: FORMAT,
			cost: self.cost,
			salt: STANDARD.encode(self.salt),
			nonce: STANDARD.encode(nonce),
			sealed: STANDARD.encode(sealed),
		};
		let text = serde_json::to_vec(&file).map_err(|_| broken("cannot be written"))?;
		let beside = self.path.with_extension("new");
		let written = (|| {
			// A rest of an earlier try: its permissions are not known.
			match std::fs::remove_file(&beside) {
				Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
				_ => {}
			}
			let mut options = OpenOptions::new();
			options.write(true).create_new(true);
			#[cfg(unix)]
			std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
			let mut out = options.open(&beside)?;
			out.write_all(&text)?;
			out.sync_all()?;
			std::fs::rename(&beside, &self.path)
		})();
		written.map_err(|error| broken(&format!("cannot be written: {error}")))
	}
}

fn read_capped(path: &Path) -> Result<Option<String>, VaultError> {
	let file = match File::open(path) {
		Ok(file) => file,
		Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
		Err(error) => return Err(broken(&format!("cannot be read: {error}"))),
	};
	let mut text = String::new();
	file.take(LARGEST)
		.read_to_string(&mut text)
		.map_err(|error| broken(&format!("cannot be read: {error}")))?;
	Ok(Some(text))
}

fn derive(
	passphrase: &str,
	salt: &[u8; SALT_BYTES],
	cost: Cost,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
	// A file that asks for more would only keep the machine busy.
	if cost.memory_kib > MOST_MEMORY_KIB || cost.passes > MOST_PASSES || cost.lanes > MOST_LANES {
		return Err(broken("asks for more work than a key is worth"));
	}
	let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_BYTES))
		.map_err(|_| broken("is not what this program wrote"))?;
	let mut key = Zeroizing::new([0; KEY_BYTES]);
	Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
		.hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
		.map_err(|error| broken(&format!("cannot be opened: {error}")))?;
	Ok(key)
}

fn associated(cost: Cost, salt: &[u8]) -> Vec<u8> {
	let head = format!("stemma-keys/{FORMAT}/{}/{}/{}/", cost.memory_kib, cost.passes, cost.lanes);
	[head.as_bytes(), salt].concat()
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], VaultError> {
	STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| broken("is damaged"))
}

fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
	getrandom::fill(bytes).map_err(|error| broken(&format!("cannot be written: {error}")))
}

fn broken(what: &str) -> VaultError {
	VaultError::Broken(format!("The file of keys {what}."))
}
