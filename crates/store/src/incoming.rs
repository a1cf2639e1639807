//! A file that somebody else may have made, taken in beside the live database: copied, never opened where it lies,
//! and refused before anything of it is run.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rusqlite::OpenFlags;
use stemma_proto::store::{Migration, StoreError, StoreErrorCode, TakenIn};

use crate::connection::{DISTRUSTING, open_plain, to_store_error};
use crate::migrate::{bring_up, refuse_foreign_schema};
use crate::pool::Pool;

const MAGIC: &[u8] = b"SQLite format 3\0";
const SMALLEST: u64 = 512;
const LARGEST: u64 = 8 << 30;
/// A stream, and questions beside it.
const READERS: usize = 2;

pub struct Incoming {
	pub taken: TakenIn,
	/// The window that took it in.
	pub owner: String,
	pub path: PathBuf,
	pub readers: Pool,
}

impl Incoming {
	/// `live` is the one file that is not taken in: it changes while it is read.
	pub fn take(
		chosen: &Path,
		live: &Path,
		folder: &Path,
		file: u32,
		owner: &str,
		closing: &Arc<AtomicBool>,
	) -> Result<Self, StoreError> {
		let mut source = open_regular(chosen)?;
		let data = source.metadata().map_err(|error| unreadable(&error))?;
		if is_same(&data, live) {
			return Err(refused("This is the database that is open."));
		}
		refuse_size(data.len())?;
		let mut head = [0; MAGIC.len()];
		source.read_exact(&mut head).map_err(|error| unreadable(&error))?;
		if head != MAGIC {
			return Err(refused("This is no SQLite database."));
		}
		source.rewind().map_err(|error| unreadable(&error))?;
		make_private(folder).map_err(|error| unreadable(&error))?;
		let path = folder.join(format!("incoming-{file}.sqlite"));
		let name = chosen.file_name().unwrap_or_default().to_string_lossy().into_owned();
		let incoming = Self {
			taken: TakenIn { file, name, size_bytes: data.len() },
			owner: owner.to_owned(),
			readers: Pool::new(path.clone(), READERS, DISTRUSTING, Arc::clone(closing)),
			path,
		};
		// From here on dropping it takes away what was written.
		copy(source, &incoming.path)?;
		// A program that did not end well has left its last changes beside the file.
		match open_regular(&beside(chosen, "-wal")) {
			Ok(log) => copy(log, &beside(&incoming.path, "-wal"))?,
			Err(_) if !beside(chosen, "-wal").exists() => {}
			Err(error) => return Err(error),
		}
		Ok(incoming)
	}

	/// Reads nothing of it but its head and its schema.
	pub fn refuse_foreign(&self, migrations: &[Migration]) -> Result<(), StoreError> {
		let look = || {
			let connection = open_plain(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
			connection.execute_batch(DISTRUSTING).map_err(to_store_error)?;
			// One file from here on.
			connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(to_store_error)?;
			refuse_foreign_schema(&connection, migrations)
		};
		look().map_err(|StoreError { code, message }| match code {
			StoreErrorCode::Corrupt => StoreError::new(code, format!("The file is damaged: {message}")),
			_ => StoreError::new(code, message),
		})
	}

	/// What it says about when is never taken over.
	pub fn bring_up(&self, migrations: &[Migration], now_ms: i64) -> Result<(), StoreError> {
		self.readers.clear();
		let connection = open_plain(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
		connection.execute_batch(DISTRUSTING).map_err(to_store_error)?;
		bring_up(&connection, migrations, now_ms)
	}
}

impl Drop for Incoming {
	fn drop(&mut self) {
		self.readers.clear();
		remove_database(&self.path);
	}
}

/// Whatever of it is there. What cannot be removed goes with its folder when the database is opened next.
pub fn remove_database(path: &Path) {
	for file in ["", "-journal", "-wal", "-shm"] {
		let _ = std::fs::remove_file(beside(path, file));
	}
}

pub fn make_private(folder: &Path) -> std::io::Result<()> {
	let mut builder = std::fs::DirBuilder::new();
	builder.recursive(true);
	#[cfg(unix)]
	std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
	builder.create(folder)
}

/// A link is followed, for a person has chosen it; what is no file at its end is refused, and never waited for.
fn open_regular(path: &Path) -> Result<File, StoreError> {
	let mut options = File::options();
	options.read(true);
	#[cfg(unix)]
	{
		use std::os::unix::fs::OpenOptionsExt;
		// A pipe would be waited for until somebody writes into it.
		let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
		options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
	}
	let file = options.open(path).map_err(|error| unreadable(&error))?;
	if file.metadata().map_err(|error| unreadable(&error))?.is_file() {
		return Ok(file);
	}
	Err(refused("This is no file that can be copied."))
}

fn copy(from: File, to: &Path) -> Result<(), StoreError> {
	let failed = |error: std::io::Error| {
		let code = match error.kind() {
			ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreErrorCode::Full,
			_ => StoreErrorCode::NoStorage,
		};
		StoreError::new(code, format!("The file could not be copied: {error}"))
	};
	let mut options = File::options();
	options.write(true).create_new(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	let mut into = options.open(to).map_err(failed)?;
	// It may grow meanwhile.
	let copied = std::io::copy(&mut from.take(LARGEST + 1), &mut into).map_err(failed)?;
	if copied > LARGEST { Err(too_large()) } else { Ok(()) }
}

fn refuse_size(bytes: u64) -> Result<(), StoreError> {
	match bytes {
		..SMALLEST => Err(refused("This file is empty, or no database.")),
		SMALLEST..=LARGEST => Ok(()),
		_ => Err(too_large()),
	}
}

fn too_large() -> StoreError {
	refused("This file is larger than Stemma can take in (8 GB).")
}

#[cfg(unix)]
fn is_same(data: &Metadata, other: &Path) -> bool {
	use std::os::unix::fs::MetadataExt;
	std::fs::metadata(other).is_ok_and(|other| (other.dev(), other.ino()) == (data.dev(), data.ino()))
}

/// Elsewhere the live file is kept from being read by whoever has it open.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Path) -> bool {
	false
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(suffix);
	name.into()
}

fn unreadable(error: &std::io::Error) -> StoreError {
	StoreError::new(StoreErrorCode::NoStorage, format!("The file cannot be read: {error}"))
}

fn refused(sentence: &str) -> StoreError {
	StoreError::new(StoreErrorCode::Corrupt, sentence)
}
