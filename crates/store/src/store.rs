use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use stemma_proto::store::{
	Change, Migration, OpenRequest, ReadRequest, Statement, StoreError, StoreErrorCode, StoreInfo,
	StreamRequest, WriteRequest,
};

use crate::connection::{
	Bound, READING, check_params, fence, head_word, open_plain, refuse_control, run, start_of,
	to_store_error, with_attached,
};
use crate::copies::{Copies, write_compact};
use crate::incoming::Incoming;
use crate::migrate::open_migrated;
use crate::pack::Rows;
use crate::pool::Pool;

const READERS: usize = 3;
/// Apart from the others: a stream may wait for its reader at the other end.
const STREAMS: usize = 8;
const STEP: Duration = Duration::from_millis(8);
const BATCH_BYTES: usize = 1 << 20;
const ROWS_PER_CLOCK_CHECK: usize = 64;
pub(crate) const EPOCH: u64 = 1;
const OPS_PER_LOOK: i32 = 20_000;

pub struct OpenOptions<'a> {
	pub path: &'a Path,
	/// A folder for copies that are made before something changes.
	pub backups: &'a Path,
	/// A folder for files that are on their way in or out. It is emptied.
	pub staging: &'a Path,
	pub request: &'a OpenRequest,
	/// Called after each commit that says what it touched, in the order of commits.
	pub on_commit: Box<dyn Fn(&Change) + Send + Sync>,
}

/// All functions block: call them where that is allowed.
pub struct Store {
	pub(crate) path: PathBuf,
	pub(crate) staging: PathBuf,
	pub(crate) copies: Copies,
	pub(crate) migrations: Vec<Migration>,
	pub(crate) opened_at: i64,
	pub(crate) writer: Mutex<Option<Connection>>,
	readers: Pool,
	streams: Pool,
	/// One at a time, for all windows.
	pub(crate) incoming: Mutex<Option<Arc<Incoming>>>,
	pub(crate) files_taken: AtomicU32,
	pub(crate) closing: Arc<AtomicBool>,
	pub(crate) on_commit: Box<dyn Fn(&Change) + Send + Sync>,
}

impl Store {
	pub fn open(options: OpenOptions<'_>) -> Result<Self, StoreError> {
		let OpenOptions { path, backups, staging, request, on_commit } = options;
		// Left by a program that did not end well. What cannot be removed is in nobody's way.
		let _ = std::fs::remove_dir_all(staging);
		let copies = Copies::at(backups);
		let mut writer = open_migrated(path, &request.migrations, request.now_ms, &copies)?;
		let closing = Arc::new(AtomicBool::new(false));
		fence(&mut writer, Arc::clone(&closing)).map_err(to_store_error)?;
		Ok(Self {
			path: path.to_owned(),
			staging: staging.to_owned(),
			copies,
			migrations: request.migrations.clone(),
			opened_at: request.now_ms,
			writer: Mutex::new(Some(writer)),
			readers: Pool::new(path.to_owned(), READERS, READING, Arc::clone(&closing)),
			streams: Pool::new(path.to_owned(), STREAMS, READING, Arc::clone(&closing)),
			incoming: Mutex::default(),
			files_taken: AtomicU32::default(),
			closing,
			on_commit,
		})
	}

	/// Statements that only read, on one state of the database. Refuses any other.
	pub fn read(&self, request: &ReadRequest) -> Result<Vec<Rows>, StoreError> {
		self.refuse_closed()?;
		let read = |connection: &mut Connection| {
			let transaction = connection.transaction().map_err(to_store_error)?;
			let results = request.statements.iter().map(|statement| run_reading(&transaction, statement));
			results.collect()
		};
		if let Some(file) = request.of {
			return self.incoming(file)?.readers.with(read);
		}
		let Some(file) = request.beside else { return self.readers.with(read) };
		let incoming = self.incoming(file)?;
		self.readers.with(|connection| with_attached(connection, &incoming.path, read))
	}

	/// One transaction: all statements or none. A PRAGMA alone runs outside of one.
	///
	/// `origin` is the window that asks; it stands in the change that all windows are told.
	pub fn write(&self, request: &WriteRequest, origin: &str) -> Result<Vec<Rows>, StoreError> {
		let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
		let writer = writer.as_mut().ok_or_else(closed)?;
		let results = match request.statements.as_slice() {
			[alone] if head_word(&alone.sql) == "pragma" => vec![run(writer, alone)?.rows],
			statements => transact(writer, statements)?,
		};
		// Still under the lock: changes are told in the order in which they came to be.
		if let Some(touched) = &request.touched {
			(self.on_commit)(&Change { touched: touched.clone(), epoch: EPOCH, origin: origin.to_owned() });
		}
		Ok(results)
	}

	/// Rows as they are found, until the end, until `emit` breaks or `cancel` is set; a long step ends early, too.
	/// While `emit` blocks, nothing is stepped: that is how a slow reader slows the stream down.
	pub fn stream(
		&self,
		request: &StreamRequest,
		cancel: &Arc<AtomicBool>,
		emit: &mut dyn FnMut(&Rows) -> ControlFlow<()>,
	) -> Result<(), StoreError> {
		self.refuse_closed()?;
		refuse_control(&request.sql)?;
		let incoming = request.of.map(|file| self.incoming(file)).transpose()?;
		incoming.as_ref().map_or(&self.streams, |incoming| &incoming.readers).with(|connection| {
			watch(connection, &self.closing, Some(cancel))?;
			let result = step_through(connection, request, cancel, emit);
			watch(connection, &self.closing, None)?;
			match result {
				Err(error) if error.code == StoreErrorCode::Aborted => {
					self.refuse_closed()?;
					Err(error)
				}
				other => other,
			}
		})
	}

	/// A consistent, compact copy in a new file, in any state of streams and writing.
	pub fn export(&self, to: &Path) -> Result<(), StoreError> {
		self.refuse_closed()?;
		write_compact(&self.reader()?, to)
	}

	/// A connection of the program's own.
	pub(crate) fn reader(&self) -> Result<Connection, StoreError> {
		open_plain(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
	}

	pub fn info(&self) -> Result<StoreInfo, StoreError> {
		self.refuse_closed()?;
		let journal_mode = self.readers.with(|connection| {
			connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(to_store_error)
		})?;
		Ok(StoreInfo {
			engine: "native".to_owned(),
			sqlite_version: rusqlite::version().to_owned(),
			schema_version: self.migrations.last().map_or(0, |migration| migration.version),
			journal_mode,
			persistent: true,
			role: "owner".to_owned(),
			epoch: EPOCH,
			size_bytes: std::fs::metadata(&self.path).map_or(0, |data| data.len()),
		})
	}

	/// Ends what runs and puts the log into the file. What comes later is answered with `closed`.
	pub fn close(&self) {
		self.closing.store(true, Ordering::Relaxed);
		let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
		self.readers.clear();
		self.streams.clear();
		self.incoming.lock().unwrap_or_else(PoisonError::into_inner).take();
		if let Some(mut writer) = writer {
			// Its own last words are not to be cut off. A file that cannot be tidied is whole all the same.
			let _ = writer.progress_handler(0, None::<fn() -> bool>);
			let _ = writer.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
		}
	}

	pub(crate) fn refuse_closed(&self) -> Result<(), StoreError> {
		if self.closing.load(Ordering::Relaxed) { Err(closed()) } else { Ok(()) }
	}
}

impl Drop for Store {
	fn drop(&mut self) {
		self.close();
	}
}

fn run_reading(connection: &Connection, statement: &Statement) -> Result<Rows, StoreError> {
	let outcome = run(connection, statement)?;
	if !outcome.reads_only {
		return Err(StoreError::new(
			StoreErrorCode::Sql,
			format!("this would write: {}", start_of(&statement.sql)),
		));
	}
	meet(statement, &outcome.rows, true)?;
	Ok(outcome.rows)
}

pub(crate) fn transact(writer: &mut Connection, statements: &[Statement]) -> Result<Vec<Rows>, StoreError> {
	// Dropped without a commit it rolls back.
	let transaction =
		writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(to_store_error)?;
	let mut results = Vec::with_capacity(statements.len());
	for statement in statements {
		let outcome = run(&transaction, statement)?;
		meet(statement, &outcome.rows, outcome.reads_only)?;
		results.push(outcome.rows);
	}
	transaction.commit().map_err(to_store_error)?;
	Ok(results)
}

/// Compare-and-set: rows of a statement that reads, changes of one that writes.
fn meet(statement: &Statement, rows: &Rows, reads_only: bool) -> Result<(), StoreError> {
	let count = if reads_only { rows.len() as u64 } else { rows.changes };
	match statement.expect {
		Some(expected) if expected != count => Err(StoreError::new(
			StoreErrorCode::Conflict,
			format!("expected {expected} rows, got {count}: {}", start_of(&statement.sql)),
		)),
		_ => Ok(()),
	}
}

fn watch(
	connection: &mut Connection,
	closing: &Arc<AtomicBool>,
	cancel: Option<&Arc<AtomicBool>>,
) -> Result<(), StoreError> {
	let closing = Arc::clone(closing);
	let cancel = cancel.cloned();
	let is_over = move || {
		closing.load(Ordering::Relaxed)
			|| cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
	};
	connection.progress_handler(OPS_PER_LOOK, Some(is_over)).map_err(to_store_error)
}

fn step_through(
	connection: &Connection,
	request: &StreamRequest,
	cancel: &AtomicBool,
	emit: &mut dyn FnMut(&Rows) -> ControlFlow<()>,
) -> Result<(), StoreError> {
	let mut prepared = connection.prepare(&request.sql).map_err(to_store_error)?;
	if !prepared.readonly() {
		return Err(StoreError::new(
			StoreErrorCode::Sql,
			format!("a stream only reads: {}", start_of(&request.sql)),
		));
	}
	let mut batch = Rows::new(prepared.column_names())?;
	check_params(prepared.parameter_count(), &request.params)?;
	let mut cursor = prepared.query(Bound::all(&request.params).as_slice()).map_err(to_store_error)?;
	let most = request.batch_rows.max(1);
	let mut until = Instant::now() + STEP;
	loop {
		let row = cursor.next().map_err(to_store_error)?;
		let is_last = row.is_none();
		if let Some(row) = row {
			batch.push(row).map_err(to_store_error)?;
		}
		let looks = batch.len() % ROWS_PER_CLOCK_CHECK == ROWS_PER_CLOCK_CHECK - 1;
		let is_full =
			batch.len() >= most || batch.bytes() >= BATCH_BYTES || (looks && Instant::now() > until);
		if (is_last || is_full) && !batch.is_empty() {
			let full = batch.take();
			if cancel.load(Ordering::Relaxed) || emit(&full).is_break() {
				return Err(StoreError::new(StoreErrorCode::Aborted, "Cancelled."));
			}
			until = Instant::now() + STEP;
		}
		if is_last {
			return Ok(());
		}
	}
}

pub(crate) fn closed() -> StoreError {
	StoreError::new(StoreErrorCode::Closed, "The database is closed.")
}
