//! A repository opened so that nothing in it is obeyed.

use std::sync::atomic::{AtomicBool, Ordering};

use gix::ObjectId;
use gix::objs::{Find, FindHeader, Kind};
use stemma_paths::Root;
use stemma_proto::git::RefFormat;

use crate::GitError;
use crate::layout::Layout;

/// Whether the user agreed that a repository reaches out of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
	Inside,
	Anywhere,
}

/// What every command is given besides its request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
	pub root: &'a Root,
	pub reach: Reach,
	/// Set from another thread: the command ends with `Cancelled` soon.
	pub cancel: &'a AtomicBool,
}

impl Context<'_> {
	pub(crate) fn check_cancelled(&self) -> Result<(), GitError> {
		if self.cancel.load(Ordering::Relaxed) { Err(GitError::Cancelled) } else { Ok(()) }
	}
}

pub(crate) struct Repository<'a> {
	pub context: Context<'a>,
	pub layout: Layout,
	pub git: gix::Repository,
}

/// Trees are met again and again, above all where somebody made a tree of one tree.
const OBJECT_CACHE: usize = 4 << 20;
/// Trees, commits and tags are read whole; a larger one was made to fill the memory.
const MAX_META_OBJECT: u64 = 32 << 20;

impl<'a> Repository<'a> {
	pub fn open(context: Context<'a>) -> Result<Self, GitError> {
		let layout = Layout::inspect(context.root)?;
		if context.reach == Reach::Inside
			&& let Some(redirect) = layout.redirects.iter().find(|redirect| redirect.outside)
		{
			return Err(GitError::ReachesOut(redirect.target.clone()));
		}
		// Reduced trust drops what a repository configures; the filter drops it where the library raises
		// trust again on its own (opening a submodule does).
		let mut overrides = layout.harmless_settings();
		overrides.extend([
			"gitoxide.objects.allocLimit=268435456".to_owned(),
			// A replacement is shown as what it is named, not as what it stands in for.
			"core.useReplaceRefs=false".to_owned(),
		]);
		let mut git = gix::open::Options::isolated()
			.with(gix::sec::Trust::Reduced)
			.filter_config_section(|metadata| metadata.source.kind() != gix::config::source::Kind::Repository)
			.config_overrides(overrides)
			.open_path_as_is(true)
			.open(&layout.git_dir)
			.map_err(|_| GitError::NoRepository)?
			.to_thread_local();
		// Not where a linked worktree's files say it is.
		git.set_workdir(layout.work_tree.clone())?;
		git.object_cache_size(OBJECT_CACHE);
		Ok(Self { context, layout, git })
	}

	/// A commit by id, full ref name or `HEAD`; tags are opened.
	pub fn commit_id(&self, revision: &str) -> Result<ObjectId, GitError> {
		let missing = || GitError::Missing { what: "commit", name: revision.to_owned() };
		let id = match self.parse_id(revision) {
			Some(id) => id,
			None if revision == "HEAD" => self.head_commit()?.ok_or_else(missing)?,
			None if revision.starts_with("refs/") => self.ref_target(revision)?.ok_or_else(missing)?,
			None => return Err(GitError::BadRevision(revision.to_owned())),
		};
		self.peel_to_commit(id)?.ok_or_else(missing)
	}

	pub fn parse_id(&self, text: &str) -> Option<ObjectId> {
		let id = ObjectId::from_hex(text.as_bytes()).ok()?;
		(id.kind() == self.git.object_hash()).then_some(id)
	}

	pub fn head_commit(&self) -> Result<Option<ObjectId>, GitError> {
		Ok(self.head()?.commit.and_then(|id| self.parse_id(&id)))
	}

	/// The commit behind annotated tags; `None` when there is none.
	pub fn peel_to_commit(&self, mut id: ObjectId) -> Result<Option<ObjectId>, GitError> {
		let mut buffer = Vec::new();
		// A tag of a tag of a tag; nobody needs more.
		for _ in 0..8 {
			let Some(header) = self.header(&id)? else { return Ok(None) };
			match header.0 {
				Kind::Commit => return Ok(Some(id)),
				Kind::Tag => {
					self.read(&id, Kind::Tag, &mut buffer)?;
					let tag = gix::objs::TagRefIter::from_bytes(&buffer, id.kind());
					id = tag.target_id()?;
				}
				Kind::Tree | Kind::Blob => return Ok(None),
			}
		}
		Ok(None)
	}

	/// Kind and size of an object without reading it; `None` when it is not here.
	pub fn header(&self, id: &gix::oid) -> Result<Option<(Kind, u64)>, GitError> {
		Ok(self.git.objects.try_header(id)?.map(|header| (header.kind, header.size)))
	}

	/// Reads a tree, commit or tag into `buffer`.
	pub fn read(&self, id: &gix::oid, kind: Kind, buffer: &mut Vec<u8>) -> Result<(), GitError> {
		self.read_capped(id, kind, MAX_META_OBJECT, buffer)
	}

	/// Reads an object after its size was looked at.
	pub fn read_capped(
		&self,
		id: &gix::oid,
		kind: Kind,
		cap: u64,
		buffer: &mut Vec<u8>,
	) -> Result<(), GitError> {
		let (_, size) = self.header(id)?.ok_or_else(|| self.missing_object(id))?;
		if size > cap {
			return Err(GitError::TooLarge { what: format!("Object {id}"), size, cap });
		}
		self.read_unchecked(id, kind, buffer)
	}

	/// Reads an object of a kind that is small in any repository; the library's own limit holds.
	pub fn read_unchecked(&self, id: &gix::oid, kind: Kind, buffer: &mut Vec<u8>) -> Result<(), GitError> {
		let found = self.git.objects.try_find(id, buffer)?.ok_or_else(|| self.missing_object(id))?;
		if found.kind == kind {
			Ok(())
		} else {
			Err(GitError::Missing { what: name_of(kind), name: id.to_string() })
		}
	}

	pub fn missing_object(&self, id: &gix::oid) -> GitError {
		if self.layout.is_partial() {
			GitError::Unsupported(format!(
				"Object {id} was not fetched: this is a partial clone. Fetch it with Git first."
			))
		} else {
			GitError::Missing { what: "object", name: id.to_string() }
		}
	}

	/// The root tree of a commit.
	pub fn tree_of(&self, commit: &ObjectId) -> Result<ObjectId, GitError> {
		let mut buffer = Vec::new();
		self.read(commit, Kind::Commit, &mut buffer)?;
		Ok(gix::objs::CommitRefIter::from_bytes(&buffer, commit.kind()).tree_id()?)
	}

	pub fn is_reftable(&self) -> bool {
		self.layout.ref_format() == RefFormat::Reftable
	}
}

fn name_of(kind: Kind) -> &'static str {
	match kind {
		Kind::Tree => "folder",
		Kind::Blob => "file",
		Kind::Commit => "commit",
		Kind::Tag => "tag",
	}
}
