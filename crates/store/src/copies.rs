//! Copies of the database that are kept beside it, each made before something changed; the newest few stay.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use stemma_proto::store::{CopyReason, KeptCopy, StoreError, StoreErrorCode};

use crate::connection::{no_storage, to_store_error};

const KEPT: usize = 3;
const BEFORE: &str = "before-";
const EXTENSION: &str = ".sqlite";

pub struct Copies(PathBuf);

impl Copies {
	pub fn at(folder: &Path) -> Self {
		Self(folder.to_owned())
	}

	/// A copy of what this connection reads, on the disk before anything else happens.
	pub fn keep(&self, from: &Connection, why: CopyReason, now_ms: i64) -> Result<KeptCopy, StoreError> {
		let Self(folder) = self;
		std::fs::create_dir_all(folder).map_err(|error| no_storage(folder, &error))?;
		let named = |taken_at: i64| format!("{BEFORE}{taken_at}-{}{EXTENSION}", word(why));
		// A copy is never written over by another.
		let taken_at = (now_ms..).find(|ms| !folder.join(named(*ms)).exists()).unwrap_or(now_ms);
		let name = named(taken_at);
		let path = folder.join(&name);
		// What is not whole has another name.
		let part = folder.join(format!("{name}.part"));
		write_compact(from, &part)?;
		std::fs::rename(&part, &path).map_err(|error| no_storage(&path, &error))?;
		if let Ok(folder) = File::open(folder) {
			// The name, too; some systems cannot, and the copy is there all the same.
			let _ = folder.sync_all();
		}
		// By name, not by age: a clock set back must not drop the copy just made.
		for old in self.list().into_iter().filter(|copy| copy.name != name).skip(KEPT - 1) {
			let _ = std::fs::remove_file(folder.join(old.name));
		}
		let size_bytes = std::fs::metadata(&path).map_or(0, |data| data.len());
		Ok(KeptCopy { name, taken_at, size_bytes, why })
	}

	/// The newest first.
	pub fn list(&self) -> Vec<KeptCopy> {
		let Ok(entries) = std::fs::read_dir(&self.0) else { return Vec::new() };
		let mut copies: Vec<KeptCopy> = entries
			.flatten()
			.filter_map(|entry| {
				let name = entry.file_name().into_string().ok()?;
				let (taken_at, why) = parts_of(&name)?;
				let data = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
				Some(KeptCopy { name, taken_at, size_bytes: data.len(), why })
			})
			.collect();
		copies.sort_by(|a, b| b.taken_at.cmp(&a.taken_at).then_with(|| a.name.cmp(&b.name)));
		copies
	}

	/// Only of one that is in the list: a name from a page leads nowhere else.
	pub fn find(&self, name: &str) -> Result<PathBuf, StoreError> {
		let found = self.list().into_iter().find(|copy| copy.name == name);
		found
			.map(|copy| self.0.join(copy.name))
			.ok_or_else(|| StoreError::new(StoreErrorCode::Sql, "There is no such copy."))
	}
}

/// A compact copy in a file of its own, which is on the disk when this comes back.
pub fn write_compact(from: &Connection, to: &Path) -> Result<(), StoreError> {
	match std::fs::remove_file(to) {
		Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(no_storage(to, &error)),
		_ => {}
	}
	from.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(to_store_error)?;
	File::open(to).and_then(|file| file.sync_all()).map_err(|error| no_storage(to, &error))
}

fn word(why: CopyReason) -> &'static str {
	match why {
		CopyReason::Migration => "migration",
		CopyReason::Merge => "merge",
		CopyReason::Replace => "replace",
	}
}

/// "before-1700000000000-merge.sqlite"; older ones are "before-3-1700000000000.sqlite", with the schema they had.
fn parts_of(name: &str) -> Option<(i64, CopyReason)> {
	let (first, second) = name.strip_prefix(BEFORE)?.strip_suffix(EXTENSION)?.split_once('-')?;
	let first: i64 = first.parse().ok()?;
	match second {
		"migration" => Some((first, CopyReason::Migration)),
		"merge" => Some((first, CopyReason::Merge)),
		"replace" => Some((first, CopyReason::Replace)),
		taken_at => Some((taken_at.parse().ok()?, CopyReason::Migration)),
	}
}

#[cfg(test)]
mod tests {
	use super::{CopyReason, parts_of};

	#[test]
	fn names_say_when_and_why() {
		assert_eq!(
			parts_of("before-1700000000000-merge.sqlite"),
			Some((1_700_000_000_000, CopyReason::Merge))
		);
		assert_eq!(
			parts_of("before-3-1700000000000.sqlite"),
			Some((1_700_000_000_000, CopyReason::Migration))
		);
		for other in
			["before-1-merge.sqlite.part", "before-x-merge.sqlite", "stemma.sqlite", "before-1.sqlite"]
		{
			assert_eq!(parts_of(other), None, "{other}");
		}
	}
}
