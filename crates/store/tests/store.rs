//! What every statement of a page meets: one file, transactions as data, fences.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a fixture that cannot be made fails its test")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stemma_proto::store::{
	Change, Migration, OpenRequest, ReadRequest, SqlValue, Statement, StoreError, StoreErrorCode,
	StreamRequest, Touched, WriteRequest,
};
use stemma_store::pack::{Rows, pack_rows};
use stemma_store::{OpenOptions, Store};
use tempfile::{TempDir, tempdir};

const ENDLESS: &str =
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn migrations(newest: i64) -> Vec<Migration> {
	(1..=newest)
		.map(|version| Migration {
			version,
			name: format!("m{version}"),
			sql: format!("CREATE TABLE t{version} (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;"),
		})
		.collect()
}

type Opened = (Store, Arc<Mutex<Vec<Change>>>);

fn open_at(path: &Path, migrations: Vec<Migration>) -> Result<Opened, StoreError> {
	let changes = Arc::new(Mutex::new(Vec::new()));
	let told = Arc::clone(&changes);
	let store = Store::open(OpenOptions {
		path,
		backups: &path.with_extension("backups"),
		staging: &path.with_extension("staging"),
		request: &OpenRequest { migrations, now_ms: 7 },
		on_commit: Box::new(move |change| told.lock().unwrap().push(change.clone())),
	})?;
	Ok((store, changes))
}

fn open() -> (TempDir, Store, Arc<Mutex<Vec<Change>>>) {
	let folder = tempdir().unwrap();
	let (store, changes) = open_at(&folder.path().join("a.sqlite"), migrations(1)).unwrap();
	(folder, store, changes)
}

fn statement(sql: &str) -> Statement {
	Statement { sql: sql.to_owned(), params: Vec::new(), expect: None }
}

fn write(store: &Store, sql: &[&str]) -> Result<Vec<Rows>, StoreError> {
	let statements = sql.iter().map(|sql| statement(sql)).collect();
	store.write(&WriteRequest { statements, touched: None }, "main")
}

fn read(store: &Store, sql: &str) -> Result<Value, StoreError> {
	let rows = store.read(&ReadRequest { statements: vec![statement(sql)], ..ReadRequest::default() })?;
	Ok(unframe(&pack_rows(&rows[0]))["values"].clone())
}

fn unframe(frame: &[u8]) -> Value {
	let length = u32::from_le_bytes(frame[..4].try_into().unwrap()) as usize;
	serde_json::from_slice(&frame[4..4 + length]).unwrap()
}

fn code<T>(result: Result<T, StoreError>) -> Option<StoreErrorCode> {
	result.err().map(|error| error.code)
}

#[test]
fn what_is_written_is_read_at_once() {
	let (_folder, store, _) = open();
	for i in 0..50 {
		write(&store, &[&format!("INSERT INTO t1 (name) VALUES ('{i}')")]).unwrap();
		assert_eq!(read(&store, "SELECT count(*) FROM t1").unwrap(), json!([i + 1]));
	}
}

#[test]
fn reading_cannot_write() {
	let (_folder, store, _) = open();
	for sql in [
		"INSERT INTO t1 (name) VALUES ('x')",
		"DELETE FROM t1",
		"CREATE TABLE x (a)",
		"PRAGMA user_version = 9",
	] {
		assert_eq!(code(read(&store, sql)), Some(StoreErrorCode::Sql), "{sql}");
	}
	let never = AtomicBool::new(false);
	let request =
		StreamRequest { sql: "DELETE FROM t1".to_owned(), params: Vec::new(), batch_rows: 1, of: None };
	let streamed = store.stream(&request, &Arc::new(never), &mut |_| ControlFlow::Continue(()));
	assert_eq!(code(streamed), Some(StoreErrorCode::Sql));
	assert_eq!(read(&store, "SELECT count(*) FROM t1").unwrap(), json!([0]));
}

#[test]
fn no_statement_reaches_another_file() {
	let (folder, store, _) = open();
	let other = folder.path().join("other.sqlite");
	for sql in [
		format!("ATTACH '{}' AS other", other.display()),
		format!("VACUUM INTO '{}'", other.display()),
		"PRAGMA journal_mode = DELETE".to_owned(),
		"PRAGMA writable_schema = ON".to_owned(),
		"PRAGMA temp_store_directory = '/tmp'".to_owned(),
		"/* quietly */ BEGIN".to_owned(),
		"UPDATE sqlite_schema SET sql = ''".to_owned(),
		"SELECT load_extension('x')".to_owned(),
	] {
		assert_eq!(code(write(&store, &[&sql])), Some(StoreErrorCode::Sql), "{sql}");
	}
	assert!(!other.exists());
}

#[test]
fn a_batch_is_all_or_nothing() {
	let (_folder, store, changes) = open();
	let touched = Some(Touched { tables: vec!["t1".to_owned()], conversations: None, nodes: None });
	let insert = statement("INSERT INTO t1 (name) VALUES ('x')");
	let unmet = Statement { expect: Some(1), ..statement("UPDATE t1 SET name = 'y' WHERE name = 'nobody'") };
	let twice = WriteRequest { statements: vec![insert.clone(), insert.clone()], touched: touched.clone() };
	assert_eq!(code(store.write(&twice, "main")), Some(StoreErrorCode::Constraint));
	let raced = WriteRequest { statements: vec![insert.clone(), unmet], touched: touched.clone() };
	assert_eq!(code(store.write(&raced, "main")), Some(StoreErrorCode::Conflict));
	assert_eq!(read(&store, "SELECT count(*) FROM t1").unwrap(), json!([0]));
	assert!(changes.lock().unwrap().is_empty(), "nothing happened, so nothing is told");
	store.write(&WriteRequest { statements: vec![insert], touched }, "viewer-1").unwrap();
	assert_eq!(changes.lock().unwrap()[0].origin, "viewer-1");
}

#[test]
fn values_are_packed_as_they_are() {
	let (_folder, store, _) = open();
	let sql =
		"SELECT 9007199254740993 AS a, -1.5 AS b, 9e999 AS c, x'00ff07' AS d, ?1 AS e, 9007199254740991 AS f
		 UNION ALL SELECT 1, 2, 3, x'05', 'z', -9007199254740993";
	let params = vec![SqlValue::Text("a\0b 😀".to_owned())];
	let statements = vec![Statement { sql: sql.to_owned(), params, expect: None }];
	let rows = store.read(&ReadRequest { statements, ..ReadRequest::default() }).unwrap();
	let frame = pack_rows(&rows[0]);
	let text = String::from_utf8_lossy(&frame).into_owned();
	assert!(text.contains("1e999"), "infinity is a number too large: {text}");
	assert!(
		text.contains(r#""bigs":[[0,"9007199254740993"],[11,"-9007199254740993"]],"blobs":[[3,3],[9,1]]"#),
		"{text}"
	);
	assert!(text.contains(r#""a\u0000b 😀",9007199254740991,1,2,3,null,"z",null],"#), "{text}");
	assert_eq!(&frame[frame.len() - 4..], [0, 255, 7, 5]);
}

#[test]
fn one_long_step_of_a_stream_is_cancelled() {
	let (_folder, store, _) = open();
	let cancel = Arc::new(AtomicBool::new(false));
	let (ended, end) = channel();
	std::thread::scope(|scope| {
		scope.spawn(|| {
			let request =
				StreamRequest { sql: ENDLESS.to_owned(), params: Vec::new(), batch_rows: 10, of: None };
			ended.send(code(store.stream(&request, &cancel, &mut |_| ControlFlow::Continue(())))).unwrap();
		});
		cancel.store(true, Ordering::Relaxed);
		let code = end.recv_timeout(Duration::from_secs(20)).expect("it ends though it gave no row");
		assert_eq!(code, Some(StoreErrorCode::Aborted));
	});
	assert_eq!(read(&store, "SELECT 1").unwrap(), json!([1]), "the connection is as good as new");
}

#[test]
fn slow_streams_do_not_hold_up_anybody() {
	let (folder, store, _) = open();
	let (full, is_full) = channel();
	let go_on = AtomicBool::new(false);
	let rows =
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n";
	std::thread::scope(|scope| {
		for _ in 0..4 {
			let (store, full, go_on) = (&store, full.clone(), &go_on);
			scope.spawn(move || {
				let request =
					StreamRequest { sql: rows.to_owned(), params: Vec::new(), batch_rows: 10, of: None };
				let mut count = 0;
				let never = Arc::new(AtomicBool::new(false));
				let streamed = store.stream(&request, &never, &mut |rows| {
					count += rows.len();
					full.send(()).unwrap();
					while !go_on.load(Ordering::Relaxed) {
						std::thread::sleep(Duration::from_millis(1));
					}
					ControlFlow::Continue(())
				});
				assert!(streamed.is_ok());
				assert_eq!(count, 100);
			});
		}
		for _ in 0..4 {
			is_full.recv().unwrap();
		}
		write(&store, &["INSERT INTO t1 (name) VALUES ('meanwhile')"]).unwrap();
		assert_eq!(read(&store, "SELECT name FROM t1").unwrap(), json!(["meanwhile"]));
		store.export(&folder.path().join("copy.sqlite")).unwrap();
		go_on.store(true, Ordering::Relaxed);
	});
	let copied = std::fs::read(folder.path().join("copy.sqlite")).unwrap();
	assert!(copied.windows(9).any(|bytes| bytes == b"meanwhile"), "the copy has the last write");
}

#[test]
fn a_newer_file_is_refused_and_stays_as_it_was() {
	let folder = tempdir().unwrap();
	let path = folder.path().join("a.sqlite");
	drop(open_at(&path, migrations(3)).unwrap());
	let before = std::fs::read(&path).unwrap();
	assert_eq!(code(open_at(&path, migrations(2))), Some(StoreErrorCode::NewerSchema));
	assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_with_data_is_copied_before_it_is_changed() {
	let folder = tempdir().unwrap();
	let path = folder.path().join("a.sqlite");
	let (store, _) = open_at(&path, migrations(1)).unwrap();
	write(&store, &["INSERT INTO t1 (name) VALUES ('old')"]).unwrap();
	drop(store);
	drop(open_at(&path, migrations(2)).unwrap());
	let copy = folder.path().join("a.backups/before-7-migration.sqlite");
	let (copied, _) = open_at(&copy, migrations(1)).unwrap();
	assert_eq!(read(&copied, "SELECT name FROM t1").unwrap(), json!(["old"]));
}

#[test]
fn a_migration_that_fails_leaves_the_file_as_it_was() {
	let folder = tempdir().unwrap();
	let path = folder.path().join("a.sqlite");
	drop(open_at(&path, migrations(1)).unwrap());
	let mut broken = migrations(2);
	broken[1].sql.push_str(" SELEKT 1;");
	assert_eq!(code(open_at(&path, broken)), Some(StoreErrorCode::MigrationFailed));
	let (store, _) = open_at(&path, migrations(1)).unwrap();
	assert_eq!(read(&store, "SELECT count(*) FROM sqlite_schema WHERE name = 't2'").unwrap(), json!([0]));
}

#[test]
fn foreign_and_altered_files_are_refused() {
	let folder = tempdir().unwrap();
	let text = folder.path().join("text.sqlite");
	std::fs::write(&text, "this is no database, however long it may be. ".repeat(30)).unwrap();
	assert_eq!(code(open_at(&text, migrations(1))), Some(StoreErrorCode::Corrupt));
	let path = folder.path().join("a.sqlite");
	drop(open_at(&path, migrations(1)).unwrap());
	let mut altered = migrations(1);
	altered[0].sql.push_str(" -- altered");
	assert_eq!(code(open_at(&path, altered)), Some(StoreErrorCode::MigrationFailed));
	let nowhere = open_at(&folder.path().join("nowhere/x.sqlite"), migrations(1));
	assert_eq!(code(nowhere), Some(StoreErrorCode::NoStorage));
}

#[test]
fn a_closed_store_says_so() {
	let (_folder, store, _) = open();
	store.close();
	assert_eq!(code(read(&store, "SELECT 1")), Some(StoreErrorCode::Closed));
	assert_eq!(code(write(&store, &["SELECT 1"])), Some(StoreErrorCode::Closed));
	assert_eq!(code(store.info()), Some(StoreErrorCode::Closed));
}
