//! Folders and files at a commit.

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{Kind, TreeRef, TreeRefIter};
use stemma_paths::{bytes_to_text, name_problem, text_to_bytes};
use stemma_proto::error::HostError;
use stemma_proto::git::{
	FileAtInfo, FileAtRequest, Folder, LfsPointer, TreeEntry, TreeEntryKind, TreeRequest,
};

use crate::changes::mode_text;
use crate::hunks::is_binary;
use crate::repository::Repository;
use crate::worktree::parse_lfs_pointer;
use crate::{Context, GitError};

/// Entries listed of one folder.
const MAX_ENTRIES: usize = 20_000;
/// Sizes looked up for one folder.
const MAX_SIZES: usize = 2_000;
const DEFAULT_MAX_BYTES: u64 = 8 << 20;
const MAX_BYTES: u64 = 64 << 20;

/// One folder at a commit. Names are told as they are; `problem` says which are never used on disk.
pub fn tree(context: Context<'_>, request: &TreeRequest) -> Result<Folder, HostError> {
	let repository = Repository::open(context)?;
	let commit = repository.commit_id(&request.commit)?;
	let path = BString::from(text_to_bytes(&request.path));
	let mut id = repository.tree_of(&commit)?;
	if !path.is_empty() {
		let found = repository.entry_at(&commit, &path)?.filter(|(mode, _)| mode.is_tree());
		id = found.ok_or_else(|| missing("folder", &request.path))?.1;
	}
	let mut data = Vec::new();
	repository.read(&id, Kind::Tree, &mut data)?;
	let mut entries = Vec::new();
	for entry in TreeRefIter::from_bytes(&data, id.kind()) {
		if entries.len() == MAX_ENTRIES {
			return Ok(Folder { entries, truncated: true });
		}
		let entry = entry.map_err(|_| GitError::Read(format!("folder {id} is damaged")))?;
		let size = if entry.mode.is_blob() && entries.len() < MAX_SIZES {
			repository.header(entry.oid)?.map(|(_, size)| size)
		} else {
			None
		};
		let name = bytes_to_text(entry.filename);
		entries.push(TreeEntry {
			path: if request.path.is_empty() { name.clone() } else { format!("{}/{name}", request.path) },
			name,
			kind: match entry.mode.kind() {
				EntryKind::Tree => TreeEntryKind::Folder,
				EntryKind::Blob => TreeEntryKind::File,
				EntryKind::BlobExecutable => TreeEntryKind::Executable,
				EntryKind::Link => TreeEntryKind::Link,
				EntryKind::Commit => TreeEntryKind::Submodule,
			},
			id: entry.oid.to_string(),
			size,
			problem: name_problem(entry.filename).map(str::to_owned),
		});
	}
	Ok(Folder { entries, truncated: false })
}

/// What a file at a commit is, without its bytes.
pub fn file_info(context: Context<'_>, request: &FileAtRequest) -> Result<FileAtInfo, HostError> {
	let repository = Repository::open(context)?;
	let found = find_file(&repository, request)?;
	let (mut binary, mut lfs) = (true, None);
	if found.size <= DEFAULT_MAX_BYTES {
		let mut data = Vec::new();
		repository.read_unchecked(&found.id, Kind::Blob, &mut data)?;
		binary = is_binary(&data);
		lfs = parse_lfs_pointer(&data).map(|pointer| LfsPointer { oid: pointer.oid, size: pointer.size });
	}
	Ok(FileAtInfo { id: found.id.to_string(), mode: mode_text(found.mode), size: found.size, binary, lfs })
}

/// The bytes of a file at a commit, as Git stores them. A link's bytes are its target.
pub fn file(context: Context<'_>, request: &FileAtRequest) -> Result<Vec<u8>, HostError> {
	let repository = Repository::open(context)?;
	let found = find_file(&repository, request)?;
	let cap = request.max_bytes.unwrap_or(DEFAULT_MAX_BYTES).min(MAX_BYTES);
	let mut data = Vec::new();
	repository.read_capped(&found.id, Kind::Blob, cap, &mut data)?;
	Ok(data)
}

struct Found {
	id: ObjectId,
	mode: EntryMode,
	size: u64,
}

fn find_file(repository: &Repository<'_>, request: &FileAtRequest) -> Result<Found, GitError> {
	let commit = repository.commit_id(&request.commit)?;
	let path = BString::from(text_to_bytes(&request.path));
	let (mode, id) = repository
		.entry_at(&commit, &path)?
		.filter(|(mode, _)| mode.is_blob_or_symlink())
		.ok_or_else(|| missing("file", &request.path))?;
	let (_, size) = repository.header(&id)?.ok_or_else(|| repository.missing_object(&id))?;
	Ok(Found { id, mode, size })
}

fn missing(what: &'static str, path: &str) -> GitError {
	GitError::Missing { what, name: path.to_owned() }
}

impl Repository<'_> {
	/// What a commit has at a path, name by name; symbolic links are not followed.
	pub fn entry_at(
		&self,
		commit: &ObjectId,
		path: &BString,
	) -> Result<Option<(EntryMode, ObjectId)>, GitError> {
		let mut tree = self.tree_of(commit)?;
		let mut names = path.split_str("/").peekable();
		let mut data = Vec::new();
		while let Some(name) = names.next() {
			self.read(&tree, Kind::Tree, &mut data)?;
			let parsed = TreeRef::from_bytes(&data, tree.kind())?;
			let Some(entry) = parsed.entries.iter().find(|entry| entry.filename == name) else {
				return Ok(None);
			};
			if names.peek().is_none() {
				return Ok(Some((entry.mode, entry.oid.to_owned())));
			}
			if !entry.mode.is_tree() {
				return Ok(None);
			}
			tree = entry.oid.to_owned();
		}
		Ok(None)
	}
}
