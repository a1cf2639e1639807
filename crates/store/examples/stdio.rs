//! The database behind stdin and stdout, so that the suite of `packages/store` runs against it without a window.
//! In: one JSON object per line, `{id, op, …}`. Out: frames of `u32 length ‖ u32 id ‖ u8 kind ‖ payload`, where the
//! kind is 0 answer, 1 batch of a stream, 2 change (id 0); an answer ends a stream, too.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde::Deserialize;
use stemma_proto::store::{
	IncomingRequest, OpenRequest, ReadRequest, RestoreRequest, StoreError, StreamRequest, WriteRequest,
};
use stemma_store::pack::{pack_results, pack_rows, pack_value};
use stemma_store::{OpenOptions, Store};

const ANSWER: u8 = 0;
const BATCH: u8 = 1;
const CHANGE: u8 = 2;
const WINDOW: usize = 4;

#[derive(Deserialize)]
struct Line {
	id: u32,
	#[serde(flatten)]
	op: Op,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
	Open { path: PathBuf, request: OpenRequest },
	Read { request: ReadRequest },
	Write { request: WriteRequest },
	Stream { request: StreamRequest },
	StreamMore { stream: u32 },
	StreamCancel { stream: u32 },
	Export,
	Info,
	Save { request: SaveTo },
	TakeIn { request: TakeFrom },
	MigrateIncoming { request: IncomingRequest },
	Merge { request: RestoreRequest },
	Replace { request: RestoreRequest },
	Discard { request: IncomingRequest },
	Copies,
	Close,
}

/// The places that a person chooses in the window come with the request here.
#[derive(Deserialize)]
struct SaveTo {
	copy: Option<String>,
	path: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TakeFrom {
	Copy(String),
	Path(PathBuf),
}

#[derive(Default)]
struct Credit {
	cancel: Arc<AtomicBool>,
	used: Mutex<usize>,
	changed: Condvar,
}

fn main() -> Result<(), Box<dyn Error>> {
	let mut store: Option<Arc<Store>> = None;
	let mut streams: HashMap<u32, Arc<Credit>> = HashMap::new();
	for line in std::io::stdin().lock().lines() {
		let Line { id, op } = serde_json::from_str(&line?)?;
		match op {
			Op::Open { path, request } => {
				let backups = path.with_extension("backups");
				let on_commit = Box::new(|change: &_| {
					send(0, CHANGE, &serde_json::to_vec(change).unwrap_or_default());
				});
				let staging = path.with_extension("staging");
				let options = OpenOptions {
					path: &path,
					backups: &backups,
					staging: &staging,
					request: &request,
					on_commit,
				};
				let opened = Store::open(options).map(|opened| store = Some(Arc::new(opened)));
				send(id, ANSWER, &pack_value(&opened.map(|()| (serde_json::Value::Null, Vec::new()))));
			}
			Op::StreamMore { stream } => {
				if let Some(credit) = streams.get(&stream) {
					let mut used = credit.used.lock().unwrap_or_else(PoisonError::into_inner);
					// The end is consumed, too, and took no place.
					*used = used.saturating_sub(1);
					drop(used);
					credit.changed.notify_all();
				}
			}
			Op::StreamCancel { stream } => {
				if let Some(credit) = streams.remove(&stream) {
					credit.cancel.store(true, Ordering::Relaxed);
					credit.changed.notify_all();
				}
			}
			op => {
				let store = Arc::clone(store.as_ref().ok_or("open first")?);
				let credit = Arc::new(Credit::default());
				if matches!(op, Op::Stream { .. }) {
					streams.insert(id, Arc::clone(&credit));
				}
				std::thread::spawn(move || send(id, ANSWER, &answer(&store, op, id, &credit)));
			}
		}
	}
	Ok(())
}

fn answer(store: &Store, op: Op, id: u32, credit: &Credit) -> Vec<u8> {
	match op {
		Op::Read { request } => pack_results(&store.read(&request)),
		Op::Write { request } => pack_results(&store.write(&request, "stdio")),
		Op::Stream { request } => {
			let ended = store.stream(&request, &credit.cancel, &mut |rows| {
				let mut used = credit.used.lock().unwrap_or_else(PoisonError::into_inner);
				while *used >= WINDOW && !credit.cancel.load(Ordering::Relaxed) {
					used = credit.changed.wait(used).unwrap_or_else(PoisonError::into_inner);
				}
				if credit.cancel.load(Ordering::Relaxed) {
					return ControlFlow::Break(());
				}
				*used += 1;
				send(id, BATCH, &pack_rows(rows));
				ControlFlow::Continue(())
			});
			pack_value(&ended.map(|()| (serde_json::Value::Null, Vec::new())))
		}
		Op::Export => pack_value(&export(store)),
		Op::Info => said(store.info()),
		Op::Save { request } => said(store.save(request.copy.as_deref(), &request.path)),
		Op::TakeIn { request: TakeFrom::Copy(name) } => said(store.take_in_copy(&name, "stdio")),
		Op::TakeIn { request: TakeFrom::Path(path) } => said(store.take_in(&path, "stdio")),
		Op::MigrateIncoming { request } => said(store.migrate_incoming(request.file)),
		Op::Merge { request } => pack_results(&store.merge(&request, "stdio")),
		Op::Replace { request } => said(store.replace(&request, "stdio")),
		Op::Discard { request } => {
			store.discard(request.file);
			said(Ok(()))
		}
		Op::Copies => said(store.copies()),
		_ => {
			store.close();
			pack_value(&Ok((serde_json::Value::Null, Vec::new())))
		}
	}
}

fn said<T: serde::Serialize>(result: Result<T, StoreError>) -> Vec<u8> {
	pack_value(&result.map(|value| (serde_json::to_value(value).unwrap_or_default(), Vec::new())))
}

fn export(store: &Store) -> Result<(serde_json::Value, Vec<u8>), StoreError> {
	let path = std::env::temp_dir().join(format!("stemma-export-{}.sqlite", std::process::id()));
	store.export(&path)?;
	let bytes = std::fs::read(&path).unwrap_or_default();
	let _ = std::fs::remove_file(&path);
	Ok((serde_json::Value::Null, bytes))
}

fn send(id: u32, kind: u8, payload: &[u8]) {
	let mut out = std::io::stdout().lock();
	let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
	let written = out
		.write_all(&length.to_le_bytes())
		.and_then(|()| out.write_all(&id.to_le_bytes()))
		.and_then(|()| out.write_all(&[kind]))
		.and_then(|()| out.write_all(payload))
		.and_then(|()| out.flush());
	if written.is_err() {
		std::process::exit(1);
	}
}
