//! The database out of the program and back in: where a person wants it, from where they choose. What is merged and
//! how is said by the statements of the page; here is what makes it whole: a copy first, one transaction, all or nothing.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use stemma_proto::store::{
	Change, CopyReason, KeptCopy, RestoreRequest, SavedFile, StoreError, StoreErrorCode, TakenIn,
};
use tempfile::NamedTempFile;

use crate::connection::{fence, to_store_error, with_attached};
use crate::copies::write_compact;
use crate::incoming::{Incoming, make_private, remove_database};
use crate::migrate::open_migrated;
use crate::pack::Rows;
use crate::store::{EPOCH, Store, closed, transact};

impl Store {
	/// Copies a file in. It takes the place of one that was taken in before, by whatever window.
	pub fn take_in(&self, chosen: &Path, owner: &str) -> Result<TakenIn, StoreError> {
		self.refuse_closed()?;
		let file = self.files_taken.fetch_add(1, Ordering::Relaxed) + 1;
		let incoming = Incoming::take(chosen, &self.path, &self.staging, file, owner, &self.closing)?;
		incoming.refuse_foreign(&self.migrations)?;
		let taken = incoming.taken.clone();
		*self.place() = Some(Arc::new(incoming));
		Ok(taken)
	}

	pub fn take_in_copy(&self, name: &str, owner: &str) -> Result<TakenIn, StoreError> {
		self.take_in(&self.copies.find(name)?, owner)
	}

	pub fn migrate_incoming(&self, file: u32) -> Result<(), StoreError> {
		self.incoming(file)?.bring_up(&self.migrations, self.opened_at)
	}

	/// Adds to the live database.
	pub fn merge(&self, request: &RestoreRequest, origin: &str) -> Result<Vec<Rows>, StoreError> {
		let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
		let writer = writer.as_mut().ok_or_else(closed)?;
		let incoming = self.incoming(request.file)?;
		// Nobody writes meanwhile: nothing is in neither the copy nor the database.
		self.copies.keep(&self.reader()?, CopyReason::Merge, request.now_ms)?;
		let results = with_attached(writer, &incoming.path, |writer| transact(writer, &request.statements))?;
		self.done_with(request, origin);
		Ok(results)
	}

	/// Puts a new database into the place of the live one: what the statements make of nothing.
	pub fn replace(&self, request: &RestoreRequest, origin: &str) -> Result<KeptCopy, StoreError> {
		let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
		let writer = writer.as_mut().ok_or_else(closed)?;
		let incoming = self.incoming(request.file)?;
		let copy = self.copies.keep(&self.reader()?, CopyReason::Replace, request.now_ms)?;
		let path = self.staging.join("fresh.sqlite");
		remove_database(&path);
		let replaced = self.make_fresh(&path, &incoming, request).and_then(|fresh| overwrite(&fresh, writer));
		remove_database(&path);
		replaced?;
		self.done_with(request, origin);
		Ok(copy)
	}

	fn make_fresh(
		&self,
		path: &Path,
		incoming: &Incoming,
		request: &RestoreRequest,
	) -> Result<Connection, StoreError> {
		let mut fresh = open_migrated(path, &self.migrations, request.now_ms, &self.copies)?;
		// Half of it is of no use to anybody.
		fresh.execute_batch("PRAGMA synchronous = OFF;").map_err(to_store_error)?;
		fence(&mut fresh, Arc::clone(&self.closing)).map_err(to_store_error)?;
		with_attached(&mut fresh, &incoming.path, |fresh| transact(fresh, &request.statements))?;
		Ok(fresh)
	}

	pub fn discard(&self, file: u32) {
		let mut place = self.place();
		if place.as_ref().is_some_and(|incoming| incoming.taken.file == file) {
			*place = None;
		}
	}

	/// The page of this window is gone.
	pub fn discard_of(&self, owner: &str) {
		let mut place = self.place();
		if place.as_ref().is_some_and(|incoming| incoming.owner == owner) {
			*place = None;
		}
	}

	pub fn copies(&self) -> Result<Vec<KeptCopy>, StoreError> {
		self.refuse_closed()?;
		Ok(self.copies.list())
	}

	/// Writes the present state, or a copy that is kept, to where a person wants it: all of it or nothing.
	pub fn save(&self, copy: Option<&str>, to: &Path) -> Result<SavedFile, StoreError> {
		self.refuse_closed()?;
		let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
		let folder = folder.canonicalize().map_err(|error| unwritten(&error))?;
		let own =
			self.path.parent().unwrap_or(Path::new(".")).canonicalize().map_err(|error| unwritten(&error))?;
		if folder.starts_with(own) {
			return Err(StoreError::new(
				StoreErrorCode::NoStorage,
				"Stemma keeps its own files in this folder. Choose another one.",
			));
		}
		let compact;
		let source = match copy {
			Some(name) => self.copies.find(name)?,
			None => {
				make_private(&self.staging).map_err(|error| unwritten(&error))?;
				compact = NamedTempFile::new_in(&self.staging).map_err(|error| unwritten(&error))?;
				write_compact(&self.reader()?, compact.path())?;
				compact.path().to_owned()
			}
		};
		// Beside its place under another name: what was there stays until this is whole.
		let mut file = NamedTempFile::new_in(&folder).map_err(|error| unwritten(&error))?;
		let size_bytes = std::fs::File::open(source)
			.and_then(|mut source| std::io::copy(&mut source, &mut file))
			.and_then(|bytes| file.as_file().sync_all().map(|()| bytes))
			.map_err(|error| unwritten(&error))?;
		let name = to.file_name().unwrap_or_default();
		file.persist(folder.join(name)).map_err(|error| unwritten(&error.error))?;
		Ok(SavedFile { name: name.to_string_lossy().into_owned(), size_bytes })
	}

	pub(crate) fn incoming(&self, file: u32) -> Result<Arc<Incoming>, StoreError> {
		let place = self.place();
		let incoming = place.as_ref().filter(|incoming| incoming.taken.file == file);
		incoming.map(Arc::clone).ok_or_else(|| {
			StoreError::new(
				StoreErrorCode::Sql,
				"This file is not at hand any more: it was restored, or another one was chosen. Choose it again.",
			)
		})
	}

	fn place(&self) -> MutexGuard<'_, Option<Arc<Incoming>>> {
		self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Under the lock of the writer: changes are told in the order in which they came to be. A page that is loaded
	/// anew because of that may have its request sent again by the webview: the file is there no more.
	fn done_with(&self, request: &RestoreRequest, origin: &str) {
		self.discard(request.file);
		let touched = request.touched.clone();
		(self.on_commit)(&Change { touched, epoch: EPOCH, origin: origin.to_owned() });
	}
}

/// By SQLite's own backup: one transaction on the live file. Who reads it goes on reading what was there.
fn overwrite(from: &Connection, live: &mut Connection) -> Result<(), StoreError> {
	let step = Backup::new(from, live).and_then(|backup| backup.step(-1)).map_err(to_store_error)?;
	if !matches!(step, StepResult::Done) {
		return Err(StoreError::new(
			StoreErrorCode::Sql,
			"The database was busy and could not be replaced. Try again.",
		));
	}
	// All of it is in the log now. What somebody still reads is put into the file later.
	let _ = live.execute_batch("PRAGMA wal_checkpoint(PASSIVE);");
	Ok(())
}

fn unwritten(error: &std::io::Error) -> StoreError {
	let code = match error.kind() {
		std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreErrorCode::Full,
		_ => StoreErrorCode::NoStorage,
	};
	StoreError::new(code, format!("The file could not be written: {error}"))
}
