//! Connections that read, made when they are first needed and kept.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};
use stemma_proto::store::StoreError;

use crate::connection::{fence, open_plain, to_store_error};

pub struct Pool {
	path: PathBuf,
	most: usize,
	/// Of each of them.
	pragmas: &'static str,
	/// Ends what runs on any of them.
	closing: Arc<AtomicBool>,
	state: Mutex<State>,
	given_back: Condvar,
}

#[derive(Default)]
struct State {
	idle: Vec<Connection>,
	out: usize,
}

/// One of the places, taken until it is dropped.
struct Place<'pool>(&'pool Pool);

impl Pool {
	pub fn new(path: PathBuf, most: usize, pragmas: &'static str, closing: Arc<AtomicBool>) -> Self {
		Self { path, most, pragmas, closing, state: Mutex::default(), given_back: Condvar::new() }
	}

	/// Waits while all are out.
	pub fn with<T>(
		&self,
		work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
	) -> Result<T, StoreError> {
		let mut state = self.state();
		while state.out >= self.most {
			state = self.given_back.wait(state).unwrap_or_else(PoisonError::into_inner);
		}
		state.out += 1;
		let idle = state.idle.pop();
		drop(state);
		let _place = Place(self);
		let mut connection = match idle {
			Some(connection) => connection,
			None => self.open()?,
		};
		let result = work(&mut connection);
		self.state().idle.push(connection);
		result
	}

	/// Closes those that are idle.
	pub fn clear(&self) {
		self.state().idle.clear();
	}

	fn open(&self) -> Result<Connection, StoreError> {
		let mut connection = open_plain(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
		connection.execute_batch(self.pragmas).map_err(to_store_error)?;
		fence(&mut connection, Arc::clone(&self.closing)).map_err(to_store_error)?;
		Ok(connection)
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Drop for Place<'_> {
	fn drop(&mut self) {
		self.0.state().out -= 1;
		self.0.given_back.notify_one();
	}
}
