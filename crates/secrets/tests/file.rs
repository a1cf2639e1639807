//! Without a keychain: the file of keys.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a fixture that cannot be made fails its test")]

use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::secrets::{DeleteSecretRequest, SecretPlace, SetSecretRequest, UnlockRequest};
use stemma_secrets::Secrets;
use tempfile::tempdir;

const KEY: &str = "sk-very-secret";

fn set(secrets: &Secrets) -> Result<(), HostError> {
	secrets.set(&SetSecretRequest {
		endpoint: "e1".to_owned(),
		url: "https://a.example/v1".to_owned(),
		key: KEY.to_owned(),
	})
}

fn unlock(secrets: &Secrets, passphrase: &str) -> Result<(), HostError> {
	secrets.unlock(&UnlockRequest { passphrase: passphrase.to_owned() })
}

fn code<T>(result: Result<T, HostError>) -> Option<ErrorCode> {
	result.err().map(|error| error.code)
}

#[test]
fn nothing_is_kept_before_there_is_a_passphrase() {
	let folder = tempdir().unwrap();
	let secrets = Secrets::in_file(&folder.path().join("keys"));
	let status = secrets.status().unwrap();
	assert_eq!((status.place, status.has_file), (SecretPlace::Locked, false));
	assert_eq!(code(set(&secrets)), Some(ErrorCode::Denied));
	assert_eq!(code(unlock(&secrets, "short")), Some(ErrorCode::Invalid));
	assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file, encrypted or not");
}

#[test]
fn keys_outlive_the_program_under_their_passphrase_only() {
	let folder = tempdir().unwrap();
	let file = folder.path().join("keys");
	let first = Secrets::in_file(&file);
	unlock(&first, "correct horse").unwrap();
	set(&first).unwrap();
	let written = std::fs::read_to_string(&file).unwrap();
	assert!(
		!written.contains(KEY) && !written.contains("a.example"),
		"neither the key nor where it goes is legible"
	);

	let again = Secrets::in_file(&file);
	assert!(again.status().unwrap().has_file);
	assert_eq!(code(unlock(&again, "wrong horse")), Some(ErrorCode::Denied));
	assert!(again.key_for("e1", "https://a.example").unwrap().is_none(), "still locked");
	unlock(&again, "correct horse").unwrap();
	let key = again.key_for("e1", "https://a.example").unwrap();
	assert_eq!(key.as_deref().map(String::as_str), Some(KEY));
	assert_eq!(code(again.key_for("e1", "http://a.example")), Some(ErrorCode::Denied));
	assert_eq!(again.status().unwrap().keys[0].origin, "https://a.example");
	again.delete(&DeleteSecretRequest { endpoint: "e1".to_owned() }).unwrap();

	let last = Secrets::in_file(&file);
	unlock(&last, "correct horse").unwrap();
	assert!(last.status().unwrap().keys.is_empty());
}

#[test]
fn a_changed_file_is_refused() {
	let folder = tempdir().unwrap();
	let file = folder.path().join("keys");
	let secrets = Secrets::in_file(&file);
	unlock(&secrets, "correct horse").unwrap();
	set(&secrets).unwrap();
	let written = std::fs::read_to_string(&file).unwrap();
	let weaker = written.replace(r#""passes":3"#, r#""passes":2"#);
	assert_ne!(weaker, written);
	std::fs::write(&file, weaker).unwrap();
	assert_eq!(code(unlock(&Secrets::in_file(&file), "correct horse")), Some(ErrorCode::Denied));
	std::fs::write(&file, written.replace(r#""memory_kib":65536"#, r#""memory_kib":4000000000"#)).unwrap();
	assert_eq!(code(unlock(&Secrets::in_file(&file), "correct horse")), Some(ErrorCode::Internal));
	std::fs::write(&file, "{}").unwrap();
	assert_eq!(code(unlock(&Secrets::in_file(&file), "correct horse")), Some(ErrorCode::Internal));
}

#[cfg(unix)]
#[test]
fn others_cannot_read_the_file() {
	use std::os::unix::fs::PermissionsExt;
	let folder = tempdir().unwrap();
	let file = folder.path().join("keys");
	let secrets = Secrets::in_file(&file);
	unlock(&secrets, "correct horse").unwrap();
	set(&secrets).unwrap();
	assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
