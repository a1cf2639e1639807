//! History, newest first: in pages, or all of it in batches.
//!
//! The order is Git's own: by the committer's time, children before their parents unless clocks disagree.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::ops::ControlFlow;

use gix::ObjectId;
use gix::objs::Kind;
use stemma_proto::error::HostError;
use stemma_proto::git::{CommitLine, HistoryPage, HistoryRequest, IngestBatch, IngestRequest};

use crate::commit::{commit_line, names_of_refs, parse, seconds};
use crate::repository::Repository;
use crate::{Context, GitError};

const DEFAULT_LIMIT: u32 = 200;
const MAX_LIMIT: u32 = 1_000;
const BATCH: usize = 500;
/// Commits of one second a cursor remembers; when there are more, the walk is repeated instead.
const MAX_TIES: usize = 256;
const MAX_CURSOR: usize = 4 << 20;
/// Far more than any history has.
const MAX_COMMITS: u32 = 50_000_000;

/// What was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingested {
	pub commits: u32,
	/// Parents a shallow repository does not have.
	pub missing: u32,
}

/// One page of history. Pages follow each other without gap or repetition, also when refs move meanwhile.
pub fn log(context: Context<'_>, request: &HistoryRequest) -> Result<HistoryPage, HostError> {
	let repository = Repository::open(context)?;
	let limit = request.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
	let mut walk = match &request.cursor {
		Some(cursor) => Walk::resume(&repository, cursor)?,
		None => Walk::start(&repository, starts(&repository, &request.from, request.all)?)?,
	};
	let mut names = names_of_refs(&repository)?;
	let mut commits = Vec::new();
	while commits.len() < limit as usize
		&& let Some((id, mut commit)) = walk.next()?
	{
		commit.refs = names.remove(&id).unwrap_or_default();
		commits.push(commit);
	}
	Ok(HistoryPage { commits, next: walk.cursor() })
}

/// The whole history in batches; `sink` may end it, which is answered as `Cancelled`.
pub fn ingest(
	context: Context<'_>,
	request: &IngestRequest,
	sink: &mut dyn FnMut(IngestBatch) -> ControlFlow<()>,
) -> Result<Ingested, HostError> {
	let repository = Repository::open(context)?;
	let mut walk = Walk::start(&repository, starts(&repository, &request.from, request.all)?)?;
	let mut names = names_of_refs(&repository)?;
	let mut commits = Vec::with_capacity(BATCH);
	while let Some((id, mut commit)) = walk.next()? {
		commit.refs = names.remove(&id).unwrap_or_default();
		commits.push(commit);
		if commits.len() == BATCH {
			let batch = IngestBatch { commits: std::mem::replace(&mut commits, Vec::with_capacity(BATCH)) };
			if sink(batch).is_break() {
				return Err(GitError::Cancelled.into());
			}
		}
	}
	if !commits.is_empty() && sink(IngestBatch { commits }).is_break() {
		return Err(GitError::Cancelled.into());
	}
	Ok(Ingested { commits: walk.emitted, missing: walk.missing })
}

fn starts(repository: &Repository<'_>, from: &[String], all: bool) -> Result<Vec<ObjectId>, GitError> {
	let mut starts = Vec::new();
	for revision in from {
		starts.push(repository.commit_id(revision)?);
	}
	if all {
		for target in repository.all_refs()?.targets {
			// Stashes and the like are no history.
			let shown = [&b"refs/heads/"[..], b"refs/remotes/", b"refs/tags/"];
			if shown.iter().any(|prefix| target.name.starts_with(prefix)) {
				starts.extend(repository.peel_to_commit(target.peeled)?);
			}
		}
	}
	if all || from.is_empty() {
		starts.extend(repository.head_commit()?);
	}
	Ok(starts)
}

struct Queued {
	id: ObjectId,
	commit: CommitLine,
}

struct Walk<'r> {
	repository: &'r Repository<'r>,
	/// Newest first; those of one second in the order they came.
	queue: BinaryHeap<(i64, Reverse<u32>, ObjectId)>,
	waiting: HashMap<ObjectId, Queued>,
	seen: HashSet<ObjectId, gix::hashtable::hash::Builder>,
	shallow: HashSet<ObjectId>,
	starts: Vec<ObjectId>,
	pushed: u32,
	emitted: u32,
	missing: u32,
	/// A parent was newer than its child: a later commit may lead back to one that was told long ago.
	skewed: bool,
	/// It goes on from a frontier, without knowing all that was told.
	resumed: bool,
	/// Those told with the time of the last one.
	ties: Vec<ObjectId>,
	last_time: i64,
	buffer: Vec<u8>,
}

impl<'r> Walk<'r> {
	fn empty(repository: &'r Repository<'r>, starts: Vec<ObjectId>) -> Result<Self, GitError> {
		let shallow = repository.git.shallow_commits()?;
		Ok(Self {
			repository,
			queue: BinaryHeap::new(),
			waiting: HashMap::new(),
			seen: HashSet::default(),
			shallow: shallow.map(|commits| commits.iter().copied().collect()).unwrap_or_default(),
			starts,
			pushed: 0,
			emitted: 0,
			missing: 0,
			skewed: false,
			resumed: false,
			ties: Vec::new(),
			last_time: i64::MAX,
			buffer: Vec::new(),
		})
	}

	fn start(repository: &'r Repository<'r>, starts: Vec<ObjectId>) -> Result<Self, GitError> {
		let mut walk = Self::empty(repository, starts.clone())?;
		for start in starts {
			walk.push(start)?;
		}
		Ok(walk)
	}

	fn resume(repository: &'r Repository<'r>, cursor: &str) -> Result<Self, GitError> {
		let cursor = Cursor::parse(repository, cursor).ok_or_else(|| {
			GitError::Invalid("This page of the history cannot be found. Start anew.".into())
		})?;
		if cursor.frontier.is_empty() {
			return Self::repeat(repository, cursor.starts, cursor.emitted);
		}
		let mut walk = Self::empty(repository, cursor.starts)?;
		walk.resumed = true;
		walk.seen.extend(&cursor.ties);
		walk.ties = cursor.ties;
		walk.last_time = cursor.last_time;
		walk.emitted = cursor.emitted;
		for id in cursor.frontier {
			walk.push(id)?;
		}
		Ok(walk)
	}

	/// Walks again from the start: where clocks disagree only the walk itself knows what was told.
	fn repeat(repository: &'r Repository<'r>, starts: Vec<ObjectId>, emitted: u32) -> Result<Self, GitError> {
		let mut walk = Self::start(repository, starts)?;
		for _ in 0..emitted {
			walk.next()?;
		}
		Ok(walk)
	}

	/// Reads a commit into the queue, once; its time, or `None` when it was seen.
	fn push(&mut self, id: ObjectId) -> Result<Option<i64>, GitError> {
		if !self.seen.insert(id) {
			return Ok(None);
		}
		self.repository.read_unchecked(&id, Kind::Commit, &mut self.buffer)?;
		let parsed = parse(&self.buffer, id)?;
		let time = seconds(parsed.committer);
		let commit = commit_line(&parsed, id, Vec::new());
		self.queue.push((time, Reverse(self.pushed), id));
		self.waiting.insert(id, Queued { id, commit });
		self.pushed += 1;
		Ok(Some(time))
	}

	fn next(&mut self) -> Result<Option<(ObjectId, CommitLine)>, GitError> {
		let Some((time, _, id)) = self.queue.pop() else { return Ok(None) };
		let Some(Queued { id, commit }) = self.waiting.remove(&id) else { return Ok(None) };
		if self.emitted.is_multiple_of(256) {
			self.repository.context.check_cancelled()?;
		}
		if self.emitted == MAX_COMMITS {
			return Err(GitError::Unsupported("This history has too many commits to be read.".into()));
		}
		self.emitted += 1;
		if time != self.last_time {
			self.last_time = time;
			self.ties.clear();
		}
		if self.ties.len() <= MAX_TIES {
			self.ties.push(id);
		}
		if self.shallow.contains(&id) {
			self.missing += u32::try_from(commit.parents.len()).unwrap_or(u32::MAX);
			return Ok(Some((id, commit)));
		}
		for parent in &commit.parents {
			let Some(parent) = self.repository.parse_id(parent) else { continue };
			if let Some(parent_time) = self.push(parent)? {
				self.skewed |= parent_time > time;
			}
		}
		if self.skewed && self.resumed {
			// The parent may have been told on an earlier page.
			let starts = std::mem::take(&mut self.starts);
			*self = Self::repeat(self.repository, starts, self.emitted)?;
		}
		Ok(Some((id, commit)))
	}

	/// Where to go on; `None` at the end.
	fn cursor(self) -> Option<String> {
		if self.queue.is_empty() {
			return None;
		}
		let repeat = self.skewed || self.ties.len() > MAX_TIES;
		let (frontier, ties) = if repeat {
			(Vec::new(), Vec::new())
		} else {
			let mut frontier = self.queue.into_sorted_vec();
			frontier.reverse();
			(frontier.into_iter().map(|(_, _, id)| id).collect(), self.ties)
		};
		let cursor =
			Cursor { emitted: self.emitted, last_time: self.last_time, starts: self.starts, frontier, ties };
		Some(cursor.to_text())
	}
}

/// All that is needed to go on with a walk, in the page's hands. An empty frontier says: walk again and skip.
///
/// Without skewed clocks every commit still to come is at most as new as the last one told. One of them can
/// lead back only to one told in that same second, and those are the `ties`.
struct Cursor {
	emitted: u32,
	last_time: i64,
	starts: Vec<ObjectId>,
	frontier: Vec<ObjectId>,
	ties: Vec<ObjectId>,
}

impl Cursor {
	fn to_text(&self) -> String {
		let list = |ids: &[ObjectId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
		let (starts, frontier, ties) = (list(&self.starts), list(&self.frontier), list(&self.ties));
		format!("1;{};{};{starts};{frontier};{ties}", self.emitted, self.last_time)
	}

	fn parse(repository: &Repository<'_>, text: &str) -> Option<Self> {
		if text.len() > MAX_CURSOR {
			return None;
		}
		let mut fields = text.split(';');
		if fields.next()? != "1" {
			return None;
		}
		let (emitted, last_time) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
		let mut list = || -> Option<Vec<ObjectId>> {
			let ids = fields.next()?;
			ids.split(',').filter(|id| !id.is_empty()).map(|id| repository.parse_id(id)).collect()
		};
		let cursor = Self { emitted, last_time, starts: list()?, frontier: list()?, ties: list()? };
		fields.next().is_none().then_some(cursor)
	}
}
