//! Which deleted and added files are one that moved, by the rules Git uses: the same content first, then a
//! unique base name, then the pair that is most alike, from half of the content on.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::Kind;

use crate::GitError;
use crate::changes::{Change, is_blob};
use crate::repository::Repository;

/// More pairs than this are not compared by content; Git's own limit is a thousand files on each side.
const MAX_PAIRS: usize = 1_000_000;
/// All files that are compared by content together.
const MAX_BYTES: u64 = 64 << 20;
const MAX_FILE: u64 = 8 << 20;
const SCALE: u64 = 60_000;
const MIN_SCORE: u64 = SCALE / 2;
/// Files of one base name are taken for the same above this.
const MIN_NAME_SCORE: u64 = SCALE * 3 / 4;

/// Joins deletions and additions among `changes` into renames.
pub(crate) fn find_renames(repository: &Repository<'_>, changes: &mut Vec<Change>) -> Result<(), GitError> {
	let mut deleted: Vec<usize> = Vec::new();
	let mut added: Vec<usize> = Vec::new();
	for (index, change) in changes.iter().enumerate() {
		match (&change.old, &change.new) {
			(Some(old), None) if old.id.is_some() => deleted.push(index),
			(None, Some(new)) if new.id.is_some() => added.push(index),
			_ => {}
		}
	}
	if deleted.is_empty() || added.is_empty() {
		return Ok(());
	}
	let mut pairs: Vec<(usize, usize, u64)> = Vec::new();
	match_equal(changes, &mut deleted, &mut added, &mut pairs);
	match_alike(repository, changes, deleted, added, &mut pairs)?;
	let mut gone = vec![false; changes.len()];
	for (from, to, score) in pairs {
		changes[to].old = changes[from].old.take();
		changes[to].similarity = Some(u8::try_from(score * 100 / SCALE).unwrap_or(100));
		gone[from] = true;
	}
	let mut index = 0;
	changes.retain(|_| {
		index += 1;
		!gone[index - 1]
	});
	Ok(())
}

fn match_equal(
	changes: &[Change],
	deleted: &mut Vec<usize>,
	added: &mut Vec<usize>,
	pairs: &mut Vec<(usize, usize, u64)>,
) {
	let mut sources: HashMap<ObjectId, Vec<usize>> = HashMap::new();
	for &from in deleted.iter() {
		if let Some(id) = changes[from].old.as_ref().and_then(|old| old.id) {
			sources.entry(id).or_default().push(from);
		}
	}
	let mut used = Vec::new();
	added.retain(|&to| {
		let Some(new) = &changes[to].new else { return true };
		let Some(candidates) = new.id.and_then(|id| sources.get_mut(&id)) else { return true };
		let fits = |from: usize| {
			changes[from].old.as_ref().is_some_and(|old| is_blob(old.mode) == is_blob(new.mode))
		};
		let name = base_name(new.path.as_bstr());
		let same_name = candidates.iter().position(|&from| {
			fits(from) && changes[from].old.as_ref().is_some_and(|old| base_name(old.path.as_bstr()) == name)
		});
		let Some(found) = same_name.or_else(|| candidates.iter().position(|&from| fits(from))) else {
			return true;
		};
		let from = candidates.remove(found);
		used.push(from);
		pairs.push((from, to, SCALE));
		false
	});
	deleted.retain(|from| !used.contains(from));
}

fn match_alike(
	repository: &Repository<'_>,
	changes: &[Change],
	deleted: Vec<usize>,
	added: Vec<usize>,
	pairs: &mut Vec<(usize, usize, u64)>,
) -> Result<(), GitError> {
	if deleted.len().saturating_mul(added.len()) > MAX_PAIRS {
		return Ok(());
	}
	let mut contents = Contents { repository, changes, read: HashMap::new(), bytes: 0 };
	let (mut deleted, mut added) = (deleted, added);
	// Pairs of a base name that is unique on both sides.
	let by_name = |list: &[usize]| {
		let mut names: HashMap<Vec<u8>, Option<usize>> = HashMap::new();
		for &index in list {
			let name = base_name(changes[index].path().as_bstr()).to_vec();
			names.entry(name).and_modify(|found| *found = None).or_insert(Some(index));
		}
		names
	};
	let sources = by_name(&deleted);
	for (name, to) in by_name(&added) {
		let (Some(to), Some(&Some(from))) = (to, sources.get(&name)) else { continue };
		let score = contents.score(from, to)?;
		if score >= MIN_NAME_SCORE {
			pairs.push((from, to, score));
			deleted.retain(|&other| other != from);
			added.retain(|&other| other != to);
		}
	}
	let mut scored = Vec::new();
	for &to in &added {
		repository.context.check_cancelled()?;
		for &from in &deleted {
			let score = contents.score(from, to)?;
			if score >= MIN_SCORE {
				let same_name =
					base_name(changes[from].path().as_bstr()) == base_name(changes[to].path().as_bstr());
				scored.push((score, same_name, from, to));
			}
		}
	}
	scored.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
	let (mut used_from, mut used_to) = (vec![false; changes.len()], vec![false; changes.len()]);
	for (score, _, from, to) in scored {
		if !used_from[from] && !used_to[to] {
			(used_from[from], used_to[to]) = (true, true);
			pairs.push((from, to, score));
		}
	}
	Ok(())
}

fn base_name(path: &BStr) -> &[u8] {
	path.rsplit_once_str("/").map_or(path.as_bytes(), |(_, name)| name)
}

/// How many bytes of a file are in each of its pieces; a piece is a line or 64 bytes.
struct Pieces {
	size: u64,
	bytes: HashMap<u64, u64>,
}

struct Contents<'a> {
	repository: &'a Repository<'a>,
	changes: &'a [Change],
	/// `None` for what is not compared by content.
	read: HashMap<ObjectId, Option<Pieces>>,
	bytes: u64,
}

impl Contents<'_> {
	/// How much of the larger file the two have in common, of `SCALE`.
	fn score(&mut self, from: usize, to: usize) -> Result<u64, GitError> {
		let (Some(old), Some(new)) = (&self.changes[from].old, &self.changes[to].new) else { return Ok(0) };
		let (Some(old_id), Some(new_id)) = (old.id, new.id) else { return Ok(0) };
		if !is_blob(old.mode) || !is_blob(new.mode) {
			return Ok(0);
		}
		self.read(old_id)?;
		self.read(new_id)?;
		let (Some(Some(old)), Some(Some(new))) = (self.read.get(&old_id), self.read.get(&new_id)) else {
			return Ok(0);
		};
		let (larger, smaller) = (old.size.max(new.size), old.size.min(new.size));
		if larger == 0 || smaller * SCALE < larger * MIN_SCORE {
			return Ok(0);
		}
		let common = |(piece, bytes): (&u64, &u64)| *bytes.min(new.bytes.get(piece).unwrap_or(&0));
		let copied: u64 = old.bytes.iter().map(common).sum();
		Ok(copied * SCALE / larger)
	}

	fn read(&mut self, id: ObjectId) -> Result<(), GitError> {
		if self.read.contains_key(&id) {
			return Ok(());
		}
		let size = match self.repository.header(&id)? {
			Some((Kind::Blob, size)) => size,
			_ => u64::MAX,
		};
		let pieces = if size > MAX_FILE || self.bytes + size > MAX_BYTES {
			None
		} else {
			self.bytes += size;
			let mut data = Vec::new();
			self.repository.read_unchecked(&id, Kind::Blob, &mut data)?;
			Some(pieces_of(&data))
		};
		self.read.insert(id, pieces);
		Ok(())
	}
}

fn pieces_of(data: &[u8]) -> Pieces {
	let text = !data[..data.len().min(8000)].contains(&0);
	let mut bytes: HashMap<u64, u64> = HashMap::new();
	let (mut hash, mut length) = (FNV_START, 0);
	for (index, &byte) in data.iter().enumerate() {
		// A line's end in either style is one and the same.
		if text && byte == b'\r' && data.get(index + 1) == Some(&b'\n') {
			continue;
		}
		hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
		length += 1;
		if length == 64 || byte == b'\n' {
			*bytes.entry(hash).or_default() += length;
			(hash, length) = (FNV_START, 0);
		}
	}
	if length > 0 {
		*bytes.entry(hash).or_default() += length;
	}
	Pieces { size: data.len() as u64, bytes }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
