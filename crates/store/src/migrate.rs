//! Brings a file to the newest schema, or refuses it and leaves it as it was. The SQL comes from the program's
//! page, which has it for all engines; what is done with it is the same as in `packages/store/src/migrate.ts`.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use stemma_proto::store::{CopyReason, Migration, StoreError, StoreErrorCode};

use crate::connection::{open_plain, set_pragmas, to_store_error};
use crate::copies::Copies;

/// "STEM": tells the file from any other SQLite database.
const APPLICATION_ID: i64 = 0x5354_454d;
const TABLES: &str = "SELECT count(*) FROM sqlite_schema";

/// A connection that writes, on a file with the newest schema.
///
/// A copy is kept before a file with data is changed.
pub fn open_migrated(
	path: &Path,
	migrations: &[Migration],
	now_ms: i64,
	copies: &Copies,
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
		copies.keep(&connection, CopyReason::Migration, now_ms).map_err(|error| {
			failed(format!("No copy could be made before the update, so nothing was changed: {error}"))
		})?;
	}
	apply_all(&connection, pending, now_ms)?;
	set_pragmas(&connection)?;
	Ok(connection)
}

/// Brings a file to the newest schema that has just been looked at.
pub fn bring_up(connection: &Connection, migrations: &[Migration], now_ms: i64) -> Result<(), StoreError> {
	let current = check(connection, migrations)?;
	apply_all(connection, migrations.iter().filter(|migration| migration.version > current), now_ms)
}

/// Whether a file has the schema that these migrations make up to its version, and nothing else: then no trigger,
/// view or generated column in it is somebody else's. Nothing but its schema is read.
pub fn refuse_foreign_schema(connection: &Connection, migrations: &[Migration]) -> Result<(), StoreError> {
	let current = check(connection, migrations)?;
	let ours = Connection::open_in_memory().map_err(to_store_error)?;
	apply_all(&ours, migrations.iter().filter(|migration| migration.version <= current), 0)?;
	if schema(&ours)? == schema(connection)? {
		return Ok(());
	}
	Err(StoreError::new(StoreErrorCode::Corrupt, "The file has tables or triggers that are not Stemma’s."))
}

type SchemaRow = (String, String, String, Option<String>);

/// Everything a schema is made of, without what SQLite keeps for itself.
fn schema(connection: &Connection) -> Result<Vec<SchemaRow>, StoreError> {
	let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema
		WHERE name NOT GLOB 'sqlite_*' ORDER BY type, name";
	let mut rows = connection.prepare(sql).map_err(to_store_error)?;
	rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
		.and_then(Iterator::collect)
		.map_err(to_store_error)
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

fn apply_all<'a>(
	connection: &Connection,
	migrations: impl IntoIterator<Item = &'a Migration>,
	now_ms: i64,
) -> Result<(), StoreError> {
	for migration in migrations {
		apply(connection, migration, now_ms).map_err(|error| {
			failed(format!("Migration {} ({}) failed: {error}", migration.version, migration.name))
		})?;
	}
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
