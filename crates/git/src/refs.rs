//! HEAD, branches, tags and stashes.

use std::ffi::OsStr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use stemma_paths::{bytes_to_text, text_to_bytes};
use stemma_proto::error::HostError;
use stemma_proto::git::{GitHead, GitRef, RefKind, Refs, RepositoryRequest, Stash, Stashes};

use crate::layout::read_small;
use crate::repository::Repository;
use crate::runner::{Git, GitRequest};
use crate::{Context, GitError};

/// Refs in one answer.
const MAX_REFS: usize = 20_000;
const MAX_STASHES: usize = 1_000;
const MAX_STASH_LOG: u64 = 4 << 20;

/// HEAD and all refs that lead to a commit, by name.
pub fn refs(context: Context<'_>, _request: &RepositoryRequest) -> Result<Refs, HostError> {
	let repository = Repository::open(context)?;
	let found = repository.all_refs()?;
	let mut refs = Vec::new();
	for target in found.targets {
		context.check_cancelled()?;
		if let Some(commit) = repository.peel_to_commit(target.peeled)? {
			refs.push(repository.described(&target, commit));
		}
	}
	Ok(Refs { head: repository.head()?, refs, truncated: found.truncated })
}

/// Stashes, the newest first, as the log of `refs/stash` tells them.
pub fn stashes(context: Context<'_>, _request: &RepositoryRequest) -> Result<Stashes, HostError> {
	let repository = Repository::open(context)?;
	let (stashes, truncated) = repository.stashes()?;
	Ok(Stashes { stashes, truncated })
}

/// A ref and what it leads to, before anything is read of that.
pub(crate) struct RefTarget {
	pub name: Vec<u8>,
	/// The annotated tag's id when it differs from `peeled`.
	pub tag: Option<ObjectId>,
	/// As far as the refs themselves tell.
	pub peeled: ObjectId,
}

pub(crate) struct FoundRefs {
	pub targets: Vec<RefTarget>,
	pub truncated: bool,
}

impl Repository<'_> {
	pub fn head(&self) -> Result<GitHead, GitError> {
		if self.is_reftable() {
			return self.reftable_head();
		}
		let head = self.git.head()?;
		let branch = head.referent_name().map(|name| bytes_to_text(name.shorten()));
		let commit = match head.id() {
			Some(id) => self.peel_to_commit(id.detach())?.map(|id| id.to_string()),
			None => None,
		};
		Ok(GitHead { branch, commit })
	}

	/// Where a full ref name leads; `None` when there is no such ref.
	pub fn ref_target(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
		let bytes = text_to_bytes(name);
		if self.is_reftable() {
			let found = self.reftable_refs(&[OsStr::new(name)])?;
			return Ok(found
				.targets
				.into_iter()
				.find(|target| target.name == bytes)
				.map(|found| found.peeled));
		}
		let Ok(full) = gix::refs::FullName::try_from(bytes.as_bstr()) else { return Ok(None) };
		let Some(mut found) = self.git.try_find_reference(full.as_ref())? else { return Ok(None) };
		Ok(Some(found.follow_to_object()?.detach()))
	}

	pub fn all_refs(&self) -> Result<FoundRefs, GitError> {
		if self.is_reftable() {
			return self.reftable_refs(&[]);
		}
		let mut targets = Vec::new();
		let platform = self.git.references()?;
		for found in platform.all()? {
			self.context.check_cancelled()?;
			// A broken ref is shown by nobody; the others are.
			let Ok(found) = found else { continue };
			let name = found.name().as_bstr().to_vec();
			let found = found.detach();
			let target = match found.target {
				gix::refs::Target::Object(id) => Some(id),
				gix::refs::Target::Symbolic(name) => self.ref_target(&bytes_to_text(name.as_bstr()))?,
			};
			let Some(target) = target else { continue };
			if targets.len() == MAX_REFS {
				return Ok(FoundRefs { targets, truncated: true });
			}
			let peeled = found.peeled.unwrap_or(target);
			targets.push(RefTarget { name, tag: (peeled != target).then_some(target), peeled });
		}
		Ok(FoundRefs { targets, truncated: false })
	}

	fn described(&self, target: &RefTarget, commit: ObjectId) -> GitRef {
		let name = target.name.as_bstr();
		let kinds = [
			("refs/heads/", RefKind::Branch),
			("refs/tags/", RefKind::Tag),
			("refs/remotes/", RefKind::Remote),
			("refs/", RefKind::Other),
		];
		let (short, kind) = kinds
			.iter()
			.find_map(|(prefix, kind)| Some((name.strip_prefix(prefix.as_bytes())?, *kind)))
			.unwrap_or((name, RefKind::Other));
		// A tag's id is known from the packed refs, or by having been opened just now.
		let tag = target.tag.or((commit != target.peeled).then_some(target.peeled));
		GitRef {
			upstream: (kind == RefKind::Branch).then(|| self.upstream(short.as_bstr())).flatten(),
			name: bytes_to_text(name),
			short: bytes_to_text(short),
			kind,
			commit: commit.to_string(),
			tag: tag.map(|id| id.to_string()),
		}
	}

	/// The remote branch a local one follows, as the configuration says; only a name is made of it.
	fn upstream(&self, branch: &BStr) -> Option<String> {
		let section = self.layout.config.section("branch", Some(branch)).ok()?;
		let (remote, merge) = (section.value("remote")?, section.value("merge")?);
		if remote.as_slice() == b"." {
			return Some(bytes_to_text(&merge));
		}
		let branch = merge.strip_prefix(b"refs/heads/")?;
		Some(format!("refs/remotes/{}/{}", bytes_to_text(&remote), bytes_to_text(branch)))
	}

	pub fn stashes(&self) -> Result<(Vec<Stash>, bool), GitError> {
		let path = self.layout.common_dir.join("logs/refs/stash");
		let Some(log) = read_small(&path, MAX_STASH_LOG)? else { return Ok((Vec::new(), false)) };
		let mut stashes = Vec::new();
		for line in log.lines().rev().filter(|line| !line.is_empty()) {
			if stashes.len() == MAX_STASHES {
				return Ok((stashes, true));
			}
			let Ok(line) = gix::refs::file::log::LineRef::from_bytes(line) else { continue };
			stashes.push(Stash {
				index: u32::try_from(stashes.len()).unwrap_or(u32::MAX),
				commit: line.new_oid().to_string(),
				message: String::from_utf8_lossy(line.message).into_owned(),
				time: line.signature.seconds(),
			});
		}
		Ok((stashes, false))
	}

	fn reftable_head(&self) -> Result<GitHead, GitError> {
		let name = self.ask_git(&["symbolic-ref", "-q", "HEAD"].map(OsStr::new))?;
		let name = name.trim_end();
		let branch = name.strip_prefix(b"refs/heads/").or((!name.is_empty()).then_some(name));
		let id = self.ask_git(&["rev-parse", "-q", "--verify", "HEAD^{commit}"].map(OsStr::new))?;
		Ok(GitHead {
			branch: branch.map(bytes_to_text),
			commit: ObjectId::from_hex(id.trim_end()).ok().map(|id| id.to_string()),
		})
	}

	fn reftable_refs(&self, patterns: &[&OsStr]) -> Result<FoundRefs, GitError> {
		let count = format!("--count={}", MAX_REFS + 1);
		let mut args = ["for-each-ref", "--format=%(objectname) %(*objectname) %(refname)", &count]
			.map(OsStr::new)
			.to_vec();
		args.push(OsStr::new("--"));
		args.extend(patterns);
		let listed = self.ask_git(&args)?;
		let mut targets = Vec::new();
		for line in listed.lines() {
			let mut fields = line.splitn(3, |byte| *byte == b' ');
			let (Some(id), Some(peeled), Some(name)) = (fields.next(), fields.next(), fields.next()) else {
				continue;
			};
			let Ok(id) = ObjectId::from_hex(id) else { continue };
			let peeled = ObjectId::from_hex(peeled).ok();
			let tag = peeled.map(|_| id);
			targets.push(RefTarget { name: name.to_vec(), tag, peeled: peeled.unwrap_or(id) });
		}
		let truncated = targets.len() > MAX_REFS;
		targets.truncate(MAX_REFS);
		Ok(FoundRefs { targets, truncated })
	}

	/// Asks the installed Git for what only it can read.
	fn ask_git(&self, args: &[&OsStr]) -> Result<Vec<u8>, GitError> {
		let git = Git::locate()?;
		if git.version() < (2, 45) {
			return Err(GitError::Unsupported(
				"This repository keeps its refs in a reftable. Install Git 2.45 or newer to read it.".into(),
			));
		}
		let cancel: &AtomicBool = self.context.cancel;
		let timeout = Duration::from_secs(20);
		let git_dir = &self.layout.git_dir;
		let request = GitRequest { git_dir, args, timeout, max_output: 16 << 20, cancel };
		Ok(git.run(&request)?.stdout)
	}
}
