//! Who wrote each line of a file.
//!
//! As Git does it: a commit passes the lines it shares with a parent on to that parent, and what no parent takes
//! is its own. Only trees that lead to the file are read, and a version's lines only where a commit changed it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics, sources::byte_lines};
use gix::objs::{Kind, TreeRefIter};
use stemma_paths::{bytes_to_text, text_to_bytes};
use stemma_proto::error::HostError;
use stemma_proto::git::{Blame, BlameHunk, BlameRequest};

use crate::changes::{Comparison, is_blob};
use crate::commit::{commit_line, parse, seconds};
use crate::renames::find_renames;
use crate::repository::Repository;
use crate::{Context, GitError};

/// Larger files have too many lines to be asked about one by one.
const MAX_BYTES: u64 = 4 << 20;
/// Of an older version of the file.
const MAX_OLD_BYTES: u64 = 32 << 20;

/// The commit each line comes from, renames followed. Comparing two versions cannot be interrupted from inside:
/// the caller ends the process.
pub fn blame(context: Context<'_>, request: &BlameRequest) -> Result<Blame, HostError> {
	let repository = Repository::open(context)?;
	let commit = repository.commit_id(&request.commit)?;
	let mut search = Search::new(&repository)?;
	let (path, mut found) = search.run(commit, request)?;
	found.sort_unstable_by_key(|found| found.piece.at);
	let mut hunks: Vec<BlameHunk> = Vec::new();
	let mut seen = HashSet::new();
	let (mut commits, mut cut_off) = (Vec::new(), Vec::new());
	let mut buffer = Vec::new();
	for Found { commit, path: source, piece } in found {
		if seen.insert(commit) {
			context.check_cancelled()?;
			repository.read(&commit, Kind::Commit, &mut buffer)?;
			let line = commit_line(&parse(&buffer, commit)?, commit, Vec::new());
			// The first commit of all may be listed as shallow, too.
			if search.shallow.contains(&commit) && !line.parents.is_empty() {
				cut_off.push(line.id.clone());
			}
			commits.push(line);
		}
		let hunk = BlameHunk {
			start: piece.at + 1,
			lines: piece.lines,
			source_start: piece.source + 1,
			commit: commit.to_string(),
			source_path: (source != path).then(|| bytes_to_text(&source)),
		};
		match hunks.last_mut() {
			Some(last) if goes_on(last, &hunk) => last.lines += hunk.lines,
			_ => hunks.push(hunk),
		}
	}
	Ok(Blame { hunks, commits, cut_off })
}

fn goes_on(last: &BlameHunk, next: &BlameHunk) -> bool {
	last.commit == next.commit
		&& last.source_path == next.source_path
		&& last.start + last.lines == next.start
		&& last.source_start + last.lines == next.source_start
}

/// Lines that follow each other, in the file that is asked about and in the version at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
	at: u32,
	source: u32,
	lines: u32,
}

struct Found {
	commit: ObjectId,
	path: Rc<BString>,
	piece: Piece,
}

/// A file as a commit has it.
#[derive(Clone)]
struct Version {
	blob: ObjectId,
	/// Those that lead to it, from the commit's own down.
	trees: Vec<ObjectId>,
}

struct Header {
	tree: ObjectId,
	parents: Vec<ObjectId>,
}

type Place = (ObjectId, Rc<BString>);

struct Search<'r> {
	repository: &'r Repository<'r>,
	/// Their parents are not here.
	shallow: HashSet<ObjectId>,
	/// Newest first; those of one second in the order they came.
	queue: BinaryHeap<(i64, Reverse<u32>, Place)>,
	pushed: u32,
	/// Of the places in the queue.
	waiting: HashMap<Place, (Version, Vec<Piece>)>,
	/// Most often the next one that is wanted.
	last_read: Option<(ObjectId, Rc<[u8]>)>,
	buffer: Vec<u8>,
}

impl<'r> Search<'r> {
	fn new(repository: &'r Repository<'r>) -> Result<Self, GitError> {
		let shallow = repository.git.shallow_commits()?;
		Ok(Self {
			repository,
			shallow: shallow.map(|commits| commits.iter().copied().collect()).unwrap_or_default(),
			queue: BinaryHeap::new(),
			pushed: 0,
			waiting: HashMap::new(),
			last_read: None,
			buffer: Vec::new(),
		})
	}

	/// The path that is asked about, and who wrote its lines.
	fn run(
		&mut self,
		commit: ObjectId,
		request: &BlameRequest,
	) -> Result<(Rc<BString>, Vec<Found>), GitError> {
		let path = Rc::new(BString::from(text_to_bytes(&request.path)));
		let tree = self.header(commit)?.tree;
		let version = self
			.find(tree, &path, None)?
			.ok_or_else(|| GitError::Missing { what: "file", name: request.path.clone() })?;
		let size = self.repository.header(&version.blob)?.map_or(0, |(_, size)| size);
		if size > MAX_BYTES {
			let what = format!("“{}”", request.path);
			return Err(GitError::TooLarge { what, size, cap: MAX_BYTES });
		}
		let range = lines_asked_for(request, count_lines(&self.content(version.blob)?))?;
		let mut found = Vec::new();
		if !range.is_empty() {
			let all = Piece { at: range.start, source: range.start, lines: range.end - range.start };
			self.push((commit, Rc::clone(&path)), version, vec![all])?;
		}
		while let Some((_, _, place)) = self.queue.pop() {
			self.repository.context.check_cancelled()?;
			let Some((version, pieces)) = self.waiting.remove(&place) else { continue };
			let own = self.pass_on(&place, &version, pieces)?;
			let (commit, path) = place;
			found.extend(own.into_iter().map(|piece| Found { commit, path: Rc::clone(&path), piece }));
		}
		Ok((path, found))
	}

	/// Hands to the parents what is theirs and gives back the rest.
	fn pass_on(
		&mut self,
		(commit, path): &Place,
		version: &Version,
		mut pieces: Vec<Piece>,
	) -> Result<Vec<Piece>, GitError> {
		let header = self.header(*commit)?;
		let mut older: Vec<Option<(Place, Version)>> = vec![None; header.parents.len()];
		// A file that is there under its name is looked for under no other.
		for by_rename in [false, true] {
			for (index, parent) in header.parents.iter().enumerate() {
				if older[index].is_some() {
					continue;
				}
				let tree = self.header(*parent)?.tree;
				let found = if by_rename {
					self.find_renamed(tree, header.tree, path)?
				} else {
					self.find(tree, path, Some(version))?.map(|found| (Rc::clone(path), found))
				};
				let Some((path, found)) = found else { continue };
				if found.blob == version.blob {
					self.push((*parent, path), found, pieces)?;
					return Ok(Vec::new());
				}
				let is_known = older.iter().flatten().any(|(_, known)| known.blob == found.blob);
				if !is_known {
					older[index] = Some(((*parent, path), found));
				}
			}
		}
		for (place, found) in older.into_iter().flatten() {
			let (new, old) = (self.content(version.blob)?, self.content(found.blob)?);
			let (rest, passed) = divide(&pieces, &old, &new);
			if !passed.is_empty() {
				self.push(place, found, passed)?;
			}
			pieces = rest;
			if pieces.is_empty() {
				break;
			}
		}
		Ok(pieces)
	}

	fn push(&mut self, place: Place, version: Version, pieces: Vec<Piece>) -> Result<(), GitError> {
		if let Some((_, waiting)) = self.waiting.get_mut(&place) {
			waiting.extend(pieces);
			waiting.sort_unstable_by_key(|piece| piece.source);
			return Ok(());
		}
		let time = self.read_commit(place.0, |commit| Ok(seconds(commit.committer)))?;
		self.queue.push((time, Reverse(self.pushed), place.clone()));
		self.pushed += 1;
		self.waiting.insert(place, (version, pieces));
		Ok(())
	}

	fn header(&mut self, id: ObjectId) -> Result<Header, GitError> {
		let is_cut_off = self.shallow.contains(&id);
		self.read_commit(id, |commit| {
			let parents = if is_cut_off { Vec::new() } else { commit.parents().collect() };
			Ok(Header { tree: commit.tree(), parents })
		})
	}

	fn read_commit<T>(
		&mut self,
		id: ObjectId,
		take: impl FnOnce(gix::objs::CommitRef<'_>) -> Result<T, GitError>,
	) -> Result<T, GitError> {
		self.repository.read(&id, Kind::Commit, &mut self.buffer)?;
		take(parse(&self.buffer, id)?)
	}

	/// The file at `path` below `tree`. Where a tree is the one that leads to the version of a child, so is the file.
	fn find(
		&mut self,
		tree: ObjectId,
		path: &BString,
		child: Option<&Version>,
	) -> Result<Option<Version>, GitError> {
		let mut trees = vec![tree];
		let mut names = path.split_str("/").peekable();
		while let Some(name) = names.next() {
			let (depth, tree) = (trees.len() - 1, trees[trees.len() - 1]);
			if let Some(child) = child.filter(|child| child.trees[depth] == tree) {
				trees.extend(&child.trees[trees.len()..]);
				return Ok(Some(Version { blob: child.blob, trees }));
			}
			self.repository.read(&tree, Kind::Tree, &mut self.buffer)?;
			let mut entries = TreeRefIter::from_bytes(&self.buffer, tree.kind());
			let entry = entries.find(|entry| entry.as_ref().map_or(true, |entry| entry.filename == name));
			let Some(entry) = entry.transpose()? else { return Ok(None) };
			let id = entry.oid.to_owned();
			if names.peek().is_none() {
				return Ok(is_blob(entry.mode).then_some(Version { blob: id, trees }));
			}
			if !entry.mode.is_tree() {
				return Ok(None);
			}
			trees.push(id);
		}
		Ok(None)
	}

	/// What the file at `path`, new in `new`, was called in `old`.
	fn find_renamed(
		&mut self,
		old: ObjectId,
		new: ObjectId,
		path: &BString,
	) -> Result<Option<(Rc<BString>, Version)>, GitError> {
		let everything = Comparison { no_renames: true, paths: Vec::new() };
		let mut changes = everything.trees(self.repository, Some(old), Some(new))?.changes;
		changes.retain(|change| change.new.as_ref().is_none_or(|new| new.path == *path));
		find_renames(self.repository, &mut changes)?;
		let renamed = changes.into_iter().find(|change| change.new.is_some());
		let Some(from) = renamed.and_then(|change| change.old) else { return Ok(None) };
		Ok(self.find(old, &from.path, None)?.map(|version| (Rc::new(from.path), version)))
	}

	fn content(&mut self, blob: ObjectId) -> Result<Rc<[u8]>, GitError> {
		if let Some((id, data)) = &self.last_read
			&& *id == blob
		{
			return Ok(Rc::clone(data));
		}
		let mut data = Vec::new();
		self.repository.read_capped(&blob, Kind::Blob, MAX_OLD_BYTES, &mut data)?;
		let data = Rc::<[u8]>::from(data);
		self.last_read = Some((blob, Rc::clone(&data)));
		Ok(data)
	}
}

fn count_lines(data: &[u8]) -> u32 {
	u32::try_from(data.lines().count()).unwrap_or(u32::MAX)
}

fn lines_asked_for(request: &BlameRequest, count: u32) -> Result<Range<u32>, GitError> {
	let (first, last) = (request.first.unwrap_or(1), request.last.unwrap_or(u32::MAX));
	if !(1..=last).contains(&first) || first > count.max(1) {
		return Err(GitError::Invalid("These lines are not in the file.".into()));
	}
	Ok(first - 1..last.min(count))
}

/// Pieces of `new`, by their place in it: those that stay there, and those that `old` has as well.
fn divide(pieces: &[Piece], old: &[u8], new: &[u8]) -> (Vec<Piece>, Vec<Piece>) {
	let (old, new) = without_common_end(old, new);
	let input = InternedInput::new(byte_lines(old), byte_lines(new));
	let diff = diff_with_slider_heuristics(Algorithm::Myers, &input);
	let hunks: Vec<_> = diff.hunks().collect();
	let (mut stay, mut pass) = (Vec::new(), Vec::new());
	// Two pieces may have come to the same line, from both sides of a merge: each is looked up.
	for piece in pieces {
		let (mut at, end) = (piece.source, piece.source + piece.lines);
		while at < end {
			let next = hunks.partition_point(|hunk| hunk.after.end <= at);
			let (until, is_new) = match hunks.get(next) {
				Some(hunk) if hunk.after.contains(&at) => (hunk.after.end, true),
				Some(hunk) => (hunk.after.start, false),
				None => (u32::MAX, false),
			};
			let lines = until.min(end) - at;
			let part = Piece { at: piece.at + (at - piece.source), source: at, lines };
			if is_new {
				stay.push(part);
			} else {
				let last = next.checked_sub(1).map(|last| &hunks[last]);
				let source = last.map_or(at, |hunk| hunk.before.end + (at - hunk.after.end));
				pass.push(Piece { source, ..part });
			}
			at += lines;
		}
	}
	(stay, pass)
}

/// Leaves out what is the same at the end, in blocks and up to a line's end, as Git does: what counts as moved
/// within a run of equal lines depends on it.
fn without_common_end<'a>(old: &'a [u8], new: &'a [u8]) -> (&'a [u8], &'a [u8]) {
	const BLOCK: usize = 1024;
	let same = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
	let trimmed = same * BLOCK;
	let end = &old[old.len() - trimmed..];
	let trimmed = end.find_byte(b'\n').map_or(0, |first| trimmed - first - 1);
	(&old[..old.len() - trimmed], &new[..new.len() - trimmed])
}
