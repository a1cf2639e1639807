//! Files that come from anybody: what is refused before anything of them is run, and what nobody else can reach.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a fixture that cannot be made fails its test")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rusqlite::Connection;
use serde_json::{Value, json};
use stemma_proto::store::{
	CopyReason, Migration, OpenRequest, ReadRequest, RestoreRequest, Statement, StoreError, StreamRequest,
	Touched, WriteRequest,
};
use stemma_store::pack::pack_rows;
use stemma_store::{OpenOptions, Store};
use tempfile::{TempDir, tempdir};

const UNION: &str =
	"INSERT INTO main.t1 (name) SELECT name FROM incoming.t1 WHERE true ON CONFLICT DO NOTHING";

fn migrations(newest: i64) -> Vec<Migration> {
	(1..=newest)
		.map(|version| Migration {
			version,
			name: format!("m{version}"),
			sql: format!("CREATE TABLE t{version} (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;"),
		})
		.collect()
}

fn open_at(path: &Path, newest: i64) -> Store {
	Store::open(OpenOptions {
		path,
		backups: &path.with_extension("backups"),
		staging: &path.with_extension("staging"),
		request: &OpenRequest { migrations: migrations(newest), now_ms: 7 },
		on_commit: Box::new(|_| {}),
	})
	.unwrap()
}

fn statement(sql: &str) -> Statement {
	Statement { sql: sql.to_owned(), params: Vec::new(), expect: None }
}

fn put(store: &Store, name: &str) {
	let statements = vec![statement(&format!("INSERT INTO t1 (name) VALUES ('{name}')"))];
	store.write(&WriteRequest { statements, touched: None }, "main").unwrap();
}

fn read(store: &Store, sql: &str, of: Option<u32>) -> Result<Value, StoreError> {
	let rows = store.read(&ReadRequest { statements: vec![statement(sql)], of, beside: None })?;
	let frame = pack_rows(&rows[0]);
	let length = u32::from_le_bytes(frame[..4].try_into().unwrap()) as usize;
	let value: Value = serde_json::from_slice(&frame[4..4 + length]).unwrap();
	Ok(value["values"].clone())
}

fn names(store: &Store) -> Value {
	read(store, "SELECT name FROM t1 ORDER BY name", None).unwrap()
}

fn request(file: u32, sql: &[&str]) -> RestoreRequest {
	let statements = sql.iter().map(|sql| statement(sql)).collect();
	let touched = Touched { tables: vec!["t1".to_owned()], conversations: None, nodes: None };
	RestoreRequest { file, statements, touched, now_ms: 9 }
}

/// A folder with a live database, and a file with one row that can be chosen.
fn fixture() -> (TempDir, Store, PathBuf) {
	let folder = tempdir().unwrap();
	let there = folder.path().join("there");
	std::fs::create_dir(&there).unwrap();
	let chosen = there.join("chosen.sqlite");
	put(&open_at(&chosen, 1), "theirs");
	let here = folder.path().join("here");
	std::fs::create_dir(&here).unwrap();
	let store = open_at(&here.join("live.sqlite"), 1);
	put(&store, "ours");
	(folder, store, chosen)
}

fn staged(folder: &TempDir) -> usize {
	std::fs::read_dir(folder.path().join("here/live.staging")).map_or(0, Iterator::count)
}

fn alter(path: &Path, sql: &str) {
	Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_is_no_whole_database_of_ours_is_refused_and_leaves_nothing() {
	let (folder, store, chosen) = fixture();
	let good = std::fs::read(&chosen).unwrap();
	type Spoil<'a> = &'a dyn Fn(&Path);
	let cases: &[(&str, Spoil<'_>, &str)] = &[
		("nothing in it", &|path| std::fs::write(path, []).unwrap(), "empty"),
		("a text", &|path| std::fs::write(path, "x".repeat(2000)).unwrap(), "no SQLite database"),
		("its first page", &|path| std::fs::write(path, &good[..1000]).unwrap(), "damaged"),
		("a newer one", &|path| alter(path, "PRAGMA user_version = 99"), "newer version"),
		("another program's", &|path| alter(path, "PRAGMA application_id = 7"), "not a Stemma database"),
		(
			"another migration",
			&|path| alter(path, "UPDATE migration SET checksum = 'x'"),
			"differs from the one this version knows",
		),
		(
			"a trigger",
			&|path| alter(path, "CREATE TRIGGER evil AFTER INSERT ON migration BEGIN DELETE FROM t1; END"),
			"not Stemma’s",
		),
		("a view", &|path| alter(path, "CREATE VIEW evil AS SELECT 1"), "not Stemma’s"),
		(
			"a table that computes",
			&|path| alter(path, "ALTER TABLE t1 ADD COLUMN evil TEXT AS (upper(name))"),
			"not Stemma’s",
		),
		(
			"a schema that is no SQL",
			&|path| {
				alter(path, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE NONSENSE'");
			},
			"damaged",
		),
	];
	for (what, spoil, sentence) in cases {
		std::fs::write(&chosen, &good).unwrap();
		spoil(&chosen);
		let refused = store.take_in(&chosen, "main").expect_err(what);
		assert!(refused.message.contains(sentence), "{what}: {}", refused.message);
		assert_eq!(staged(&folder), 0, "{what} is not kept");
	}
	assert_eq!(names(&store), json!(["ours"]));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
	let (folder, store, chosen) = fixture();
	let link = folder.path().join("link.sqlite");
	std::os::unix::fs::symlink(&chosen, &link).unwrap();
	let taken = store.take_in(&link, "main").expect("a link to a file is that file");
	assert_eq!(taken.name, "link.sqlite");

	let pipe = folder.path().join("pipe.sqlite");
	let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
	assert!(made.success());
	let nowhere = folder.path().join("nowhere.sqlite");
	std::os::unix::fs::symlink(folder.path().join("gone"), &nowhere).unwrap();
	for (path, sentence) in [
		(pipe, "no file that can be copied"),
		(folder.path().to_owned(), "no file that can be copied"),
		(PathBuf::from("/dev/zero"), "no file that can be copied"),
		(nowhere, "cannot be read"),
	] {
		let refused = store.take_in(&path, "main").expect_err("it is no file");
		assert!(refused.message.contains(sentence), "{}: {}", path.display(), refused.message);
	}

	let live = folder.path().join("here/live.sqlite");
	let alias = folder.path().join("alias.sqlite");
	std::fs::hard_link(&live, &alias).unwrap();
	for path in [live, alias] {
		let refused = store.take_in(&path, "main").expect_err("it is being written");
		assert_eq!(refused.message, "This is the database that is open.");
	}
}

#[test]
fn a_sparse_file_beyond_the_cap_is_not_copied() {
	let (folder, store, chosen) = fixture();
	let file = std::fs::File::options().write(true).open(&chosen).unwrap();
	file.set_len((8 << 30) + 1).unwrap();
	let refused = store.take_in(&chosen, "main").expect_err("it is too large");
	assert!(refused.message.contains("larger than Stemma can take in"));
	assert_eq!(staged(&folder), 0);
}

#[test]
fn the_last_changes_of_a_program_that_was_killed_come_along() {
	let (_folder, store, chosen) = fixture();
	let killed = open_at(&chosen, 1);
	put(&killed, "in the log only");
	let copy = chosen.with_file_name("copied.sqlite");
	for suffix in ["", "-wal"] {
		let name = |path: &Path| format!("{}{suffix}", path.display());
		std::fs::copy(name(&chosen), name(&copy)).unwrap();
	}
	let taken = store.take_in(&copy, "main").unwrap();
	let rows = read(&store, "SELECT name FROM t1 ORDER BY name", Some(taken.file)).unwrap();
	assert_eq!(rows, json!(["in the log only", "theirs"]));
}

#[test]
fn the_chosen_file_is_copied_and_not_touched() {
	let (folder, store, chosen) = fixture();
	let before = std::fs::read(&chosen).unwrap();
	let taken = store.take_in(&chosen, "main").unwrap();
	store.merge(&request(taken.file, &[UNION, "DELETE FROM incoming.t1"]), "main").unwrap();
	assert_eq!(std::fs::read(&chosen).unwrap(), before);
	assert_eq!(std::fs::read_dir(chosen.parent().unwrap()).unwrap().count(), 1, "nothing lies beside it");
	assert_eq!(names(&store), json!(["ours", "theirs"]));
	assert_eq!(staged(&folder), 0);
	let next = store.take_in(&chosen, "main").unwrap();
	store.merge(&request(next.file, &[UNION]), "main").unwrap();
	let copies: Vec<i64> = store.copies().unwrap().iter().map(|copy| copy.taken_at).collect();
	assert_eq!(copies, [10, 9], "one of the same moment is not written over");
}

#[test]
fn a_merge_is_all_or_nothing_and_the_fence_is_closed_behind_it() {
	let (folder, store, chosen) = fixture();
	let taken = store.take_in(&chosen, "main").unwrap();
	let other = folder.path().join("other.sqlite");
	let escapes = [
		format!("ATTACH '{}' AS other", other.display()),
		format!("VACUUM INTO '{}'", other.display()),
		"DETACH incoming".to_owned(),
		"COMMIT".to_owned(),
		"PRAGMA writable_schema = ON".to_owned(),
		"INSERT INTO t1 (name) VALUES ('ours')".to_owned(),
	];
	for escape in &escapes {
		assert!(store.merge(&request(taken.file, &[UNION, escape]), "main").is_err(), "{escape}");
		assert_eq!(names(&store), json!(["ours"]), "{escape}");
	}
	for escape in &escapes[..5] {
		assert!(store.replace(&request(taken.file, &[UNION, escape]), "main").is_err(), "{escape}");
		assert_eq!(names(&store), json!(["ours"]), "{escape}");
	}
	for sql in ["SELECT * FROM incoming.t1", escapes[0].as_str()] {
		let statements = vec![statement(sql)];
		assert!(store.write(&WriteRequest { statements, touched: None }, "main").is_err(), "{sql}");
		assert!(read(&store, sql, None).is_err(), "{sql}");
	}
	assert!(!other.exists());
	let beside = ReadRequest {
		statements: vec![statement("DELETE FROM incoming.t1")],
		of: None,
		beside: Some(taken.file),
	};
	assert!(store.read(&beside).is_err(), "reading cannot write there either");
	let of = StreamRequest {
		sql: "DELETE FROM t1".to_owned(),
		params: Vec::new(),
		batch_rows: 1,
		of: Some(taken.file),
	};
	let never = Arc::new(AtomicBool::new(false));
	assert!(store.stream(&of, &never, &mut |_| ControlFlow::Continue(())).is_err());
	assert_eq!(read(&store, "SELECT count(*) FROM t1", Some(taken.file)).unwrap(), json!([1]));
}

#[test]
fn an_older_file_is_brought_up_in_its_copy_before_it_replaces() {
	let (folder, store, chosen) = fixture();
	drop(store);
	let store = open_at(&folder.path().join("here/live.sqlite"), 3);
	let taken = store.take_in(&chosen, "main").unwrap();
	assert_eq!(read(&store, "PRAGMA user_version", Some(taken.file)).unwrap(), json!([1]));
	store.migrate_incoming(taken.file).unwrap();
	assert_eq!(read(&store, "PRAGMA user_version", Some(taken.file)).unwrap(), json!([3]));
	let copy = store.replace(&request(taken.file, &[UNION]), "main").unwrap();
	assert_eq!(copy.why, CopyReason::Replace);
	assert_eq!(names(&store), json!(["theirs"]));
	assert_eq!(read(&store, "PRAGMA user_version", None).unwrap(), json!([3]));
	assert_eq!(store.info().unwrap().journal_mode, "wal");
	// A webview may send what it was asked for a second time.
	let again = store.replace(&request(taken.file, &[UNION]), "main").expect_err("the file is used up");
	assert!(again.message.contains("not at hand any more"));
	assert_eq!(store.copies().unwrap()[0], copy);
	assert_eq!(store.copies().unwrap().len(), 2, "that one and the one before the migration");
	put(&store, "and on");
	drop(store);
	let again = open_at(&folder.path().join("here/live.sqlite"), 3);
	assert_eq!(names(&again), json!(["and on", "theirs"]));
}

#[test]
fn one_file_is_taken_in_at_a_time_and_goes_with_its_window() {
	let (folder, store, chosen) = fixture();
	let first = store.take_in(&chosen, "main").unwrap();
	let second = store.take_in(&chosen, "main-2").unwrap();
	assert!(store.merge(&request(first.file, &[UNION]), "main").is_err(), "it is another file now");
	assert_eq!(staged(&folder), 1);
	store.discard(first.file);
	store.discard_of("main");
	assert!(read(&store, "SELECT 1", Some(second.file)).is_ok(), "that was not theirs");
	store.discard_of("main-2");
	assert!(read(&store, "SELECT 1", Some(second.file)).is_err());
	assert_eq!(staged(&folder), 0);
}

#[test]
fn what_a_killed_program_left_half_taken_in_is_swept() {
	let (folder, store, chosen) = fixture();
	store.take_in(&chosen, "main").unwrap();
	std::mem::forget(store);
	assert_eq!(staged(&folder), 1);
	let live = folder.path().join("here/live.sqlite");
	let _again = open_at(&live, 1);
	assert_eq!(staged(&folder), 0);
}
