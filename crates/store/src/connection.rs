//! Opening SQLite so that the statements of a page reach this one file and nothing else, and running one of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use stemma_proto::store::{SqlValue, Statement, StoreError, StoreErrorCode};

use crate::pack::Rows;

const BUSY: Duration = Duration::from_secs(5);
const CACHED_STATEMENTS: usize = 100;
/// Of SQLite's machine, between two looks at whether the work is still wanted.
const OPS_PER_LOOK: i32 = 20_000;

/// What holds for a connection; the other engines set the same.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
	PRAGMA trusted_schema = OFF; PRAGMA recursive_triggers = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;";

/// What holds for a connection that only reads.
pub const READING: &str = "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;";
/// What holds on a file that somebody else may have made.
pub const DISTRUSTING: &str =
	"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;";
/// Under this name a file that was taken in stands beside the live one.
const INCOMING: &str = "incoming";

/// Pragmas that say something or tidy up. Others could change how the file is kept.
const ALLOWED_PRAGMAS: &[&str] = &[
	"application_id",
	"data_version",
	"foreign_key_check",
	"freelist_count",
	"incremental_vacuum",
	"index_list",
	"index_xinfo",
	"integrity_check",
	"journal_mode",
	"optimize",
	"page_count",
	"page_size",
	"quick_check",
	"table_info",
	"table_list",
	"table_xinfo",
	"user_version",
	"wal_checkpoint",
];
/// Of these, a value would set something.
const WITH_ARGUMENT: &[&str] = &[
	"foreign_key_check",
	"incremental_vacuum",
	"index_list",
	"index_xinfo",
	"integrity_check",
	"quick_check",
	"table_info",
	"table_list",
	"table_xinfo",
	"wal_checkpoint",
];

/// The program's own connection: nothing is forbidden on it yet.
pub fn open_plain(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
	let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
		.map_err(|error| no_storage(path, &error))?;
	connection.busy_timeout(BUSY).map_err(to_store_error)?;
	Ok(connection)
}

pub fn no_storage(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
	StoreError::new(
		StoreErrorCode::NoStorage,
		format!("The file {} cannot be opened: {error}", path.display()),
	)
}

pub fn set_pragmas(connection: &Connection) -> Result<(), StoreError> {
	connection.execute_batch(PRAGMAS).map_err(to_store_error)
}

/// From here on only statements of pages run on it: no other file can be attached or written.
/// Statements end early once `cancel` is set.
pub fn fence(connection: &mut Connection, cancel: Arc<AtomicBool>) -> rusqlite::Result<()> {
	connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
	connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
	connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
	connection.authorizer(Some(authorize))?;
	connection.progress_handler(OPS_PER_LOOK, Some(move || cancel.load(Ordering::Relaxed)))
}

/// The one way through the fence: a file of our own under one name, for as long as the work takes.
pub fn with_attached<T>(
	connection: &mut Connection,
	path: &Path,
	work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
	beyond_the_fence(connection, |connection| {
		connection.execute(&format!("ATTACH ?1 AS {INCOMING}"), [path.to_string_lossy()])
	})?;
	let done = work(connection);
	// Statements that were prepared for it would keep it.
	connection.flush_prepared_statement_cache();
	let detached =
		beyond_the_fence(connection, |connection| connection.execute(&format!("DETACH {INCOMING}"), []));
	let value = done?;
	detached?;
	Ok(value)
}

fn beyond_the_fence(
	connection: &mut Connection,
	work: impl FnOnce(&Connection) -> rusqlite::Result<usize>,
) -> Result<(), StoreError> {
	connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(to_store_error)?;
	connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1).map_err(to_store_error)?;
	let done = work(connection);
	connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(to_store_error)?;
	connection.authorizer(Some(authorize)).map_err(to_store_error)?;
	done.map(|_| ()).map_err(to_store_error)
}

fn authorize(context: AuthContext<'_>) -> Authorization {
	match context.action {
		AuthAction::Attach { .. } | AuthAction::Detach { .. } => Authorization::Deny,
		AuthAction::Pragma { pragma_name, pragma_value } => {
			let name = pragma_name.to_ascii_lowercase();
			let allowed = if pragma_value.is_some() { WITH_ARGUMENT } else { ALLOWED_PRAGMAS };
			if allowed.contains(&name.as_str()) { Authorization::Allow } else { Authorization::Deny }
		}
		_ => Authorization::Allow,
	}
}

/// What a statement gave, and whether it could have changed anything.
pub struct Outcome {
	pub rows: Rows,
	pub reads_only: bool,
}

/// One statement of a page, with as many values as it has parameters.
pub fn run(connection: &Connection, statement: &Statement) -> Result<Outcome, StoreError> {
	refuse_control(&statement.sql)?;
	let before = connection.total_changes();
	let mut prepared = connection.prepare_cached(&statement.sql).map_err(to_store_error)?;
	let mut rows = Rows::new(prepared.column_names())?;
	check_params(prepared.parameter_count(), &statement.params)?;
	let reads_only = prepared.readonly();
	let mut cursor = prepared.query(Bound::all(&statement.params).as_slice()).map_err(to_store_error)?;
	while let Some(row) = cursor.next().map_err(to_store_error)? {
		rows.push(row).map_err(to_store_error)?;
	}
	drop(cursor);
	drop(prepared);
	// What changes nothing (tables made, reading) leaves the number of the statement before it.
	rows.changes = if connection.total_changes() == before { 0 } else { connection.changes() };
	Ok(Outcome { rows, reads_only })
}

pub fn check_params(expected: usize, params: &[SqlValue]) -> Result<(), StoreError> {
	// SQLite takes missing values for NULL: a slip that must not write.
	if params.len() == expected {
		return Ok(());
	}
	Err(StoreError::new(
		StoreErrorCode::Sql,
		format!("the statement has {expected} parameters, {} values were given", params.len()),
	))
}

/// All windows share the writing connection: a transaction left open would shut everybody out.
pub fn refuse_control(sql: &str) -> Result<(), StoreError> {
	const CONTROL: &[&str] = &["begin", "commit", "end", "rollback", "savepoint", "release"];
	if CONTROL.contains(&head_word(sql).as_str()) {
		return Err(StoreError::new(
			StoreErrorCode::Sql,
			format!("a transaction is a batch: {}", start_of(sql)),
		));
	}
	Ok(())
}

/// The first word, after white space and comments, in lower case.
pub fn head_word(sql: &str) -> String {
	let mut rest = sql.trim_start();
	loop {
		rest = if let Some(comment) = rest.strip_prefix("--") {
			comment.find('\n').map_or("", |end| &comment[end..])
		} else if let Some(comment) = rest.strip_prefix("/*") {
			comment.find("*/").map_or("", |end| &comment[end + 2..])
		} else if let Some(after) = rest.strip_prefix(';') {
			after
		} else {
			break;
		}
		.trim_start();
	}
	rest.chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>().to_ascii_lowercase()
}

pub fn start_of(sql: &str) -> String {
	sql.chars().take(80).collect()
}

pub struct Bound<'a>(&'a SqlValue);

impl<'a> Bound<'a> {
	pub fn all(params: &'a [SqlValue]) -> BoundParams<'a> {
		BoundParams(params.iter().map(Bound).collect())
	}
}

pub struct BoundParams<'a>(Vec<Bound<'a>>);

impl BoundParams<'_> {
	pub fn as_slice(&self) -> rusqlite::ParamsFromIter<impl Iterator<Item = &dyn ToSql>> {
		rusqlite::params_from_iter(self.0.iter().map(|value| value as &dyn ToSql))
	}
}

impl ToSql for Bound<'_> {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(match self.0 {
			SqlValue::Null => ToSqlOutput::Owned(Value::Null),
			SqlValue::Integer(value) => ToSqlOutput::Owned(Value::Integer(*value)),
			SqlValue::Real(value) => ToSqlOutput::Owned(Value::Real(*value)),
			SqlValue::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
			SqlValue::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
		})
	}
}

pub fn to_store_error(error: rusqlite::Error) -> StoreError {
	let code = match error.sqlite_error().map(|error| error.extended_code & 0xff) {
		Some(rusqlite::ffi::SQLITE_CORRUPT | rusqlite::ffi::SQLITE_NOTADB) => StoreErrorCode::Corrupt,
		Some(rusqlite::ffi::SQLITE_FULL) => StoreErrorCode::Full,
		Some(rusqlite::ffi::SQLITE_CONSTRAINT) => StoreErrorCode::Constraint,
		Some(rusqlite::ffi::SQLITE_INTERRUPT) => StoreErrorCode::Aborted,
		_ => StoreErrorCode::Sql,
	};
	StoreError::new(code, error.to_string())
}

#[cfg(test)]
mod tests {
	use super::head_word;

	#[test]
	fn the_first_word_is_found_behind_comments() {
		assert_eq!(head_word("  SELECT 1"), "select");
		assert_eq!(head_word("-- why\n/* BEGIN */ ; Commit;"), "commit");
		assert_eq!(head_word("/* never ended"), "");
		assert_eq!(head_word("with(x) as"), "with");
	}
}
