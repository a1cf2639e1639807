//! The keychain of the operating system, once it has shown that it keeps what it is given.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

/// Stands in the keychain's own window beside each entry.
const SERVICE: &str = "dev.stemma.desktop";
const PROBE: &str = "probe";

pub struct Keychain(Arc<CredentialStore>);

impl Keychain {
	/// The keychain of this system, or a sentence on why there is none to use.
	pub fn of_this_system() -> Result<Self, String> {
		Self::probed(system_store()?)
	}

	/// Reading proves nothing: a locked keychain says "no entry". So something is written and taken away again.
	pub fn probed(store: Arc<CredentialStore>) -> Result<Self, String> {
		let keychain = Self(store);
		let probe = keychain.entry(PROBE).map_err(|error| error.to_string())?;
		probe
			.set_password(PROBE)
			.and_then(|()| probe.delete_credential())
			.map_err(|error| format!("The keychain does not keep anything: {error}"))?;
		Ok(keychain)
	}

	pub fn set(&self, name: &str, secret: &str) -> Result<(), String> {
		self.entry(name).and_then(|entry| entry.set_password(secret)).map_err(|error| error.to_string())
	}

	pub fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
		match self.entry(name).and_then(|entry| entry.get_password()) {
			Ok(secret) => Ok(Some(Zeroizing::new(secret))),
			Err(Error::NoEntry) => Ok(None),
			Err(error) => Err(error.to_string()),
		}
	}

	pub fn delete(&self, name: &str) -> Result<(), String> {
		match self.entry(name).and_then(|entry| entry.delete_credential()) {
			Ok(()) | Err(Error::NoEntry) => Ok(()),
			Err(error) => Err(error.to_string()),
		}
	}

	pub fn names(&self) -> Result<Vec<String>, String> {
		let found =
			self.0.search(&HashMap::from([("service", SERVICE)])).map_err(|error| error.to_string())?;
		let names = found.iter().filter_map(Entry::get_specifiers);
		Ok(names.filter(|(service, _)| service == SERVICE).map(|(_, name)| name).collect())
	}

	fn entry(&self, name: &str) -> keyring_core::Result<Entry> {
		self.0.build(SERVICE, name, None)
	}
}

#[cfg(target_os = "linux")]
fn system_store() -> Result<Arc<CredentialStore>, String> {
	match zbus_secret_service_keyring_store::Store::new() {
		Ok(store) => Ok(store),
		Err(error) => Err(format!("No keychain answers on this desktop: {error}")),
	}
}

#[cfg(not(target_os = "linux"))]
fn system_store() -> Result<Arc<CredentialStore>, String> {
	Err("The keychain of this system is not used yet.".to_owned())
}
