//! Patches and whole files into the working tree, and back out.
//!
//! First everything is worked out and compared, then written; what does not fit changes nothing. The index
//! and Git's own folder are never touched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stemma_paths::{Kind, PathError, RelPath, Root, bytes_to_text, text_to_bytes};
use stemma_proto::error::HostError;
use stemma_proto::git::{Applied, AppliedFile, ApplyRequest, ChangeKind, FileEdit, UndoRequest};

use crate::patch::{FilePatch, parse};
use crate::{Context, GitError};

const MAX_PATCH: usize = 4 << 20;
const MAX_FILE: u64 = 8 << 20;
/// All files of one change, before and after.
const MAX_TOTAL: usize = 32 << 20;

/// Changes files, or with `check` only says whether they could be. The answer is what takes it back.
pub fn apply(context: Context<'_>, request: &ApplyRequest) -> Result<Applied, HostError> {
	context.root.check().map_err(GitError::from)?;
	let mut plan = Plan { root: context.root, files: BTreeMap::new() };
	match &request.edit {
		FileEdit::Patch { patch } => {
			if patch.len() > MAX_PATCH {
				let size = patch.len() as u64;
				return Err(too_large("The patch", size, MAX_PATCH as u64).into());
			}
			for file in parse(&text_to_bytes(patch))? {
				context.check_cancelled()?;
				plan.patch(&file)?;
			}
		}
		FileEdit::Write { path, text, expected } => plan.replace(path, Some(text), expected.as_deref())?,
		FileEdit::Remove { path, expected } => plan.replace(path, None, Some(expected))?,
	}
	let changes = plan.changes()?;
	if !request.check {
		write_all(context.root, &changes)?;
	}
	Ok(answer(&changes)?)
}

/// Takes a change back, unless a file of it was changed since. Answers what takes the undo back.
pub fn undo(context: Context<'_>, request: &UndoRequest) -> Result<Applied, HostError> {
	context.root.check().map_err(GitError::from)?;
	let kept: Vec<Kept> = serde_json::from_str(&request.undo)
		.map_err(|_| GitError::Invalid("This cannot be taken back: it is not what was answered.".into()))?;
	let mut changes = Vec::new();
	for file in kept {
		let path = RelPath::parse(&file.path).map_err(GitError::from)?;
		let (before, after) = (file.after.map(State::from), file.before.map(State::from));
		if read(context.root, &path)? != before {
			return Err(
				GitError::Conflict(format!("“{path}” was changed since; nothing is taken back.")).into()
			);
		}
		changes.push(Planned { path, before, after });
	}
	write_all(context.root, &changes)?;
	Ok(answer(&changes)?)
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
	bytes: Vec<u8>,
	executable: bool,
}

struct Planned {
	path: RelPath,
	before: Option<State>,
	after: Option<State>,
}

/// A file before and after, as the page keeps it for us.
#[derive(Serialize, Deserialize)]
struct Kept {
	path: String,
	before: Option<KeptState>,
	after: Option<KeptState>,
}

#[derive(Serialize, Deserialize)]
struct KeptState {
	text: String,
	executable: bool,
}

impl From<KeptState> for State {
	fn from(kept: KeptState) -> Self {
		Self { bytes: text_to_bytes(&kept.text), executable: kept.executable }
	}
}

impl From<&State> for KeptState {
	fn from(state: &State) -> Self {
		Self { text: bytes_to_text(&state.bytes), executable: state.executable }
	}
}

fn answer(changes: &[Planned]) -> Result<Applied, GitError> {
	let kept: Vec<Kept> = changes
		.iter()
		.map(|change| Kept {
			path: change.path.to_string(),
			before: change.before.as_ref().map(KeptState::from),
			after: change.after.as_ref().map(KeptState::from),
		})
		.collect();
	let files = changes.iter().map(|change| AppliedFile {
		path: change.path.to_string(),
		kind: match (&change.before, &change.after) {
			(None, _) => ChangeKind::Added,
			(_, None) => ChangeKind::Deleted,
			_ => ChangeKind::Modified,
		},
	});
	let undo = serde_json::to_string(&kept).map_err(|error| GitError::Read(error.to_string()))?;
	Ok(Applied { files: files.collect(), undo })
}

/// Files as they are on disk and as they will be.
struct Plan<'a> {
	root: &'a Root,
	files: BTreeMap<RelPath, (Option<State>, Option<State>)>,
}

impl Plan<'_> {
	fn patch(&mut self, file: &FilePatch) -> Result<(), GitError> {
		let path =
			|bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| RelPath::from_bytes(bytes)).transpose();
		let (old, new) = (path(&file.old)?, path(&file.new)?);
		let current = match &old {
			Some(old) => Some(self.current(old)?.ok_or_else(|| PathError::Missing(old.to_string()))?),
			None => None,
		};
		let content = current.as_ref().map_or(b"".as_slice(), |state| &state.bytes);
		let shown = new.as_ref().or(old.as_ref()).map(ToString::to_string).unwrap_or_default();
		let applied = file.applied(content).map_err(|hunk| {
			GitError::Conflict(format!(
				"The patch does not fit “{shown}”: hunk {hunk} finds other lines there."
			))
		})?;
		if let Some(old) = old.filter(|old| new.as_ref() != Some(old)) {
			if new.is_none() && !applied.is_empty() {
				let message = format!("The patch removes “{shown}” but leaves lines in it.");
				return Err(GitError::Conflict(message));
			}
			self.set(&old, None);
		}
		if let Some(new) = new {
			let is_new_name = file.old.as_deref() != Some(new.as_bytes());
			if is_new_name && (self.current(&new)?.is_some() || self.root.kind(&new)?.is_some()) {
				return Err(GitError::Conflict(format!("“{new}” is there already.")));
			}
			let executable = file.executable.unwrap_or(current.is_some_and(|state| state.executable));
			self.current(&new)?;
			self.set(&new, Some(State { bytes: applied, executable }));
		}
		Ok(())
	}

	fn replace(&mut self, path: &str, text: Option<&str>, expected: Option<&str>) -> Result<(), GitError> {
		let path = RelPath::parse(path)?;
		let current = self.current(&path)?;
		if current.as_ref().map(|state| &state.bytes) != expected.map(text_to_bytes).as_ref() {
			let message = format!("“{path}” is not what it was when this change was made.");
			return Err(GitError::Conflict(message));
		}
		let executable = current.is_some_and(|state| state.executable);
		self.set(&path, text.map(|text| State { bytes: text_to_bytes(text), executable }));
		Ok(())
	}

	/// A file as the plan has it so far.
	fn current(&mut self, path: &RelPath) -> Result<Option<State>, GitError> {
		if let Some((_, after)) = self.files.get(path) {
			return Ok(after.clone());
		}
		let state = read(self.root, path)?;
		self.files.insert(path.clone(), (state.clone(), state.clone()));
		Ok(state)
	}

	fn set(&mut self, path: &RelPath, state: Option<State>) {
		if let Some((_, after)) = self.files.get_mut(path) {
			*after = state;
		}
	}

	fn changes(self) -> Result<Vec<Planned>, GitError> {
		let mut total = 0;
		let mut changes = Vec::new();
		for (path, (before, after)) in self.files {
			total += [&before, &after].into_iter().flatten().map(|state| state.bytes.len()).sum::<usize>();
			if total > MAX_TOTAL {
				return Err(too_large("The change", total as u64, MAX_TOTAL as u64));
			}
			if before != after {
				changes.push(Planned { path, before, after });
			}
		}
		Ok(changes)
	}
}

/// A regular file, `None` where nothing is. Links are not followed: a change goes to the file it names.
fn read(root: &Root, path: &RelPath) -> Result<Option<State>, GitError> {
	match root.kind(path) {
		Ok(None) | Err(PathError::NotAFolder(_)) => return Ok(None),
		Ok(Some(Kind::File)) => {}
		Ok(Some(_)) => return Err(PathError::NotAFile(path.to_string()).into()),
		Err(error) => return Err(error.into()),
	}
	let executable = root.open_file(path, MAX_FILE)?.executable;
	Ok(Some(State { bytes: root.read_file(path, MAX_FILE)?, executable }))
}

/// Writes one file after the other; when one cannot be written, those before it are put back.
fn write_all(root: &Root, changes: &[Planned]) -> Result<(), GitError> {
	for (done, change) in changes.iter().enumerate() {
		if let Err(error) = write(root, &change.path, change.after.as_ref()) {
			let kept: Vec<_> = changes[..done]
				.iter()
				.filter(|earlier| write(root, &earlier.path, earlier.before.as_ref()).is_err())
				.map(|earlier| format!("“{}”", earlier.path))
				.collect();
			return Err(if kept.is_empty() {
				error.into()
			} else {
				GitError::Read(format!("{error} These files stay changed: {}", kept.join(", ")))
			});
		}
	}
	Ok(())
}

fn write(root: &Root, path: &RelPath, state: Option<&State>) -> Result<(), PathError> {
	match state {
		Some(state) => root.write_file(path, &state.bytes, state.executable),
		None => root.remove_file(path),
	}
}

fn too_large(what: &str, size: u64, cap: u64) -> GitError {
	GitError::TooLarge { what: what.to_owned(), size, cap }
}
