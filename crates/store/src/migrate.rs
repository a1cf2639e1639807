//! Brings a file to the newest schema, or refuses it and leaves it as it was. The SQL comes from the program's
//! page, which has it for all engines; what is done with it is the same as in `packages/store/src/migrate.ts`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use stemma_proto::store::{Migration, StoreError, StoreErrorCode};

use crate::connection::{open_plain, set_pragmas, to_store_error};

/// "STEM": tells the file from any other SQLite database.
const APPLICATION_ID: i64 = 0x5354_454d;
const TABLES: &str = "SELECT count(*) FROM sqlite_schema";

/// A connection that writes, on a file with the newest schema.
///
/// `backups` is the folder for the copy that is made before a file with data is changed.
pub fn open_migrated(
	path: &Path,
	migrations: &[Migration],
	now_ms: i64,
	backups: &Path,
) -> Result<Connection, StoreError> {
	if path.exists() {
		// Closing a connection that only reads leaves even the log of a refused file as it was.
		check(&open_plain(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, migrations)?;
	}
	let connection = open_plain(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
	if number(&connection, TABLES)? == 0 {
		connection
			.execute_batch("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;")
			.map_err(to_store_error)?;
	}
	let current = check(&connection, migrations)?;
	let pending: Vec<_> = migrations.iter().filter(|migration| migration.version > current).collect();
	if current > 0 && !pending.is_empty() {
		back_up(&connection, backups, current, now_ms)?;
	}
	for migration in pending {
		apply(&connection, migration, now_ms).map_err(|error| {
			failed(format!("Migration {} ({}) failed: {error}", migration.version, migration.name))
		})?;
	}
	set_pragmas(&connection)?;
	Ok(connection)
}

/// The version of the file, if this program may open it.
fn check(connection: &Connection, migrations: &[Migration]) -> Result<i64, StoreError> {
	let newest = migrations.last().map_or(0, |migration| migration.version);
	let current = number(connection, "PRAGMA user_version")?;
	if number(connection, TABLES)? > 0 && number(connection, "PRAGMA application_id")? != APPLICATION_ID {
		return Err(failed("This file is not a Stemma database.".to_owned()));
	}
	if current > newest {
		return Err(StoreError::new(
			StoreErrorCode::NewerSchema,
			format!(
				"The database was written by a newer version of Stemma (schema {current}, this one knows {newest})."
			),
		));
	}
	if current > 0 {
		refuse_altered(connection, migrations, current)?;
	}
	Ok(current)
}

fn refuse_altered(connection: &Connection, migrations: &[Migration], current: i64) -> Result<(), StoreError> {
	let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'";
	if number(connection, tables)? == 0 {
		return Err(failed("This file does not say which migrations made it.".to_owned()));
	}
	let find = "SELECT count(*) FROM migration WHERE version = ?1 AND checksum = ?2";
	for migration in migrations.iter().filter(|migration| migration.version <= current) {
		let same: i64 = connection
			.query_row(find, (migration.version, checksum(&migration.sql)), |row| row.get(0))
			.map_err(to_store_error)?;
		if same != 1 {
			return Err(failed(format!(
				"Migration {} ({}) of this file differs from the one this version knows.",
				migration.version, migration.name
			)));
		}
	}
	Ok(())
}

fn back_up(connection: &Connection, folder: &Path, from: i64, now_ms: i64) -> Result<(), StoreError> {
	std::fs::create_dir_all(folder).map_err(|error| crate::connection::no_storage(folder, &error))?;
	let copy: PathBuf = folder.join(format!("before-{from}-{now_ms}.sqlite"));
	connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).map_err(|error| {
		failed(format!("No copy could be made before the update, so nothing was changed: {error}"))
	})?;
	Ok(())
}

fn apply(connection: &Connection, migration: &Migration, now_ms: i64) -> rusqlite::Result<()> {
	let transaction =
		rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
	if migration.version == 1 {
		transaction.execute_batch(&format!(
			"CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
			PRAGMA application_id = {APPLICATION_ID};"
		))?;
	}
	transaction.execute_batch(&migration.sql)?;
	transaction.execute(
		"INSERT INTO migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
		(migration.version, &migration.name, checksum(&migration.sql), now_ms),
	)?;
	transaction.execute_batch(&format!("PRAGMA user_version = {};", migration.version))?;
	transaction.commit()
}

fn number(connection: &Connection, sql: &str) -> Result<i64, StoreError> {
	connection.query_row(sql, [], |row| row.get(0)).map_err(to_store_error)
}

fn checksum(sql: &str) -> String {
	Sha256::digest(sql.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
		// Writing to a text does not fail.
		let _ = write!(hex, "{byte:02x}");
		hex
	})
}

fn failed(message: String) -> StoreError {
	StoreError::new(StoreErrorCode::MigrationFailed, message)
}
