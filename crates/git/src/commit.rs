//! Commits as the page shows them.

use std::borrow::Cow;
use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::{CommitRef, Kind};
use stemma_paths::bytes_to_text;
use stemma_proto::error::HostError;
use stemma_proto::git::{CommitDetails, CommitLine, CommitRequest, GitPerson};

use crate::changes::Comparison;
use crate::repository::Repository;
use crate::{Context, GitError};

const MAX_SUBJECT: usize = 1_000;
const MAX_NAME: usize = 500;
/// Files listed for one commit.
const MAX_FILES: usize = 10_000;

/// A commit's header, message and the files it changed against one parent.
pub fn commit(context: Context<'_>, request: &CommitRequest) -> Result<CommitDetails, HostError> {
	let repository = Repository::open(context)?;
	let id = repository.commit_id(&request.commit)?;
	let mut buffer = Vec::new();
	repository.read(&id, Kind::Commit, &mut buffer)?;
	let commit = parse(&buffer, id)?;
	let parent = repository.parent_of(&commit, request.parent)?;
	let old = parent.map(|parent| repository.tree_of(&parent)).transpose()?;
	let compared = Comparison::default().trees(&repository, old, Some(commit.tree()))?;
	let truncated = compared.truncated || compared.changes.len() > MAX_FILES;
	let names = names_of_refs(&repository)?;
	Ok(CommitDetails {
		committer: person(commit.committer, encoding_of(&commit)),
		message: text(commit.message, encoding_of(&commit)).into_owned(),
		signed: commit.extra_headers().pgp_signature().is_some(),
		files: compared.changes.iter().take(MAX_FILES).map(|change| change.described()).collect(),
		truncated,
		commit: commit_line(&commit, id, names.get(&id).cloned().unwrap_or_default()),
	})
}

impl Repository<'_> {
	/// The parent a commit is compared with; `None` for a root, or where history was cut off.
	pub fn parent_of(
		&self,
		commit: &CommitRef<'_>,
		wanted: Option<u32>,
	) -> Result<Option<ObjectId>, GitError> {
		let mut parents = commit.parents();
		let Some(parent) = parents.nth(wanted.unwrap_or(0) as usize) else {
			return match wanted {
				Some(number) => {
					let name = number.to_string();
					Err(GitError::Missing { what: "parent", name })
				}
				None => Ok(None),
			};
		};
		Ok(self.header(&parent)?.map(|_| parent))
	}
}

/// Full names of refs by the commit they lead to.
pub(crate) fn names_of_refs(repository: &Repository<'_>) -> Result<HashMap<ObjectId, Vec<String>>, GitError> {
	let mut names: HashMap<ObjectId, Vec<String>> = HashMap::new();
	for target in repository.all_refs()?.targets {
		// Reading every target to see whether it is a tag would cost more than the page: only tags can be.
		let commit = if target.tag.is_none() && target.name.starts_with(b"refs/tags/") {
			repository.peel_to_commit(target.peeled)?
		} else {
			Some(target.peeled)
		};
		if let Some(commit) = commit {
			names.entry(commit).or_default().push(bytes_to_text(&target.name));
		}
	}
	Ok(names)
}

pub(crate) fn parse(data: &[u8], id: ObjectId) -> Result<CommitRef<'_>, GitError> {
	CommitRef::from_bytes(data, id.kind()).map_err(|_| GitError::Read(format!("commit {id} is damaged")))
}

pub(crate) fn commit_line(commit: &CommitRef<'_>, id: ObjectId, refs: Vec<String>) -> CommitLine {
	let encoding = encoding_of(commit);
	CommitLine {
		id: id.to_string(),
		parents: commit.parents.iter().map(|parent| parent.to_string()).collect(),
		author: person(commit.author, encoding),
		committed: seconds(commit.committer),
		subject: subject(&text(commit.message, encoding)),
		refs,
	}
}

pub(crate) fn encoding_of<'a>(commit: &CommitRef<'a>) -> Option<&'a BStr> {
	commit.encoding
}

/// The time at the end of a raw signature line; 0 where there is none.
pub(crate) fn seconds(signature: &BStr) -> i64 {
	gix::actor::SignatureRef::from_bytes(signature).map_or(0, |signature| signature.seconds())
}

pub(crate) fn person(signature: &BStr, encoding: Option<&BStr>) -> GitPerson {
	let Ok(signature) = gix::actor::SignatureRef::from_bytes(signature) else {
		return GitPerson { name: String::new(), email: String::new(), time: 0, offset: 0 };
	};
	let signature = signature.trim();
	let shown = |bytes: &BStr| cut(&text(bytes, encoding), MAX_NAME);
	GitPerson {
		name: shown(signature.name),
		email: shown(signature.email),
		time: signature.seconds(),
		offset: signature.time().map_or(0, |time| time.offset / 60),
	}
}

/// The first paragraph on one line, as Git's `%s`.
fn subject(message: &str) -> String {
	let mut subject = String::new();
	for line in message.trim_start_matches('\n').lines().map(str::trim_end) {
		if line.is_empty() || subject.len() > MAX_SUBJECT {
			break;
		}
		if !subject.is_empty() {
			subject.push(' ');
		}
		subject.push_str(line);
	}
	cut(&subject, MAX_SUBJECT)
}

/// Text in the encoding a commit names; what does not fit it is replaced.
fn text<'a>(bytes: &'a BStr, encoding: Option<&BStr>) -> Cow<'a, str> {
	match encoding.and_then(|label| encoding_rs::Encoding::for_label(label.trim())) {
		Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
		None => String::from_utf8_lossy(bytes),
	}
}

fn cut(text: &str, longest: usize) -> String {
	let mut end = longest.min(text.len());
	while !text.is_char_boundary(end) {
		end -= 1;
	}
	text[..end].to_owned()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_subject_is_the_first_paragraph() {
		assert_eq!(subject("\n\none \ntwo\n\nthree"), "one two");
		assert_eq!(subject(""), "");
		assert_eq!(subject(&"ü".repeat(2000)).len(), MAX_SUBJECT);
	}
}
