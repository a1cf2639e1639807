use std::io::Read;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ignore::{DirEntry, WalkBuilder, WalkState};
use stemma_paths::{Kind, PathError, RelPath, Root, bytes_to_text, is_git_name};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::files::{EntryKind, ScanBatch, ScanRequest, ScannedEntry};

use crate::ignore_files::{are_harmless, exclude_file};
use crate::{Context, ignore_files};

const THREADS: usize = 2;
/// Entries told of one scan.
const MAX_ENTRIES: usize = 200_000;
const MAX_REFUSED: usize = 1_000;
const BATCH: usize = 1_000;
/// A reader sees something after this.
const FIRST: Duration = Duration::from_millis(10);
const PACE: Duration = Duration::from_millis(50);
/// Git looks this far for a zero byte as well.
const PROBE: u64 = 8_000;
/// Entries the walk may be ahead of its reader.
const AHEAD: usize = 4_096;

enum Found {
	Entry(ScannedEntry),
	Refused(String),
}

/// Tells the files below a folder while it walks, in batches to `sink`, which may end it. Everything but `.git`
/// and what the ignore files leave out. How many entries were told.
pub fn scan(
	context: Context<'_>,
	request: &ScanRequest,
	sink: &mut dyn FnMut(ScanBatch) -> ControlFlow<()>,
) -> Result<usize, HostError> {
	context.root.check()?;
	let path = RelPath::parse(&request.path)?;
	if context.root.kind(&path)? != Some(Kind::Folder) {
		return Err(PathError::NotAFolder(path.to_string()).into());
	}
	let top = if path.is_root() {
		context.root.path().to_owned()
	} else {
		context.root.path().join(path.as_path())
	};
	if let Some(refused) = refused_above(context.root, &path) {
		let message = format!("The ignore file of “{refused}” is a pipe, a link or too large.");
		return Err(HostError::new(ErrorCode::Unsupported, message));
	}
	let (sender, receiver) = sync_channel(AHEAD);
	let stop = AtomicBool::new(false);
	let walk = Walk { root: context.root, request, sender, stop: &stop };
	std::thread::scope(|scope| {
		scope.spawn(move || walk.run(&top));
		let mut teller = Teller { sink, batch: ScanBatch::default(), told: 0, last: Instant::now() };
		let result = loop {
			if context.cancel.load(Ordering::Relaxed) {
				break Err(HostError::new(ErrorCode::Cancelled, "Stopped."));
			}
			let pace = if teller.told == 0 { FIRST } else { PACE };
			let flow = match receiver.recv_timeout(pace) {
				Ok(found) => teller.take(found, pace),
				Err(RecvTimeoutError::Timeout) => teller.flush(),
				Err(RecvTimeoutError::Disconnected) => {
					// At the end an empty batch is told as well: that there is nothing is an answer.
					let _ = teller.tell();
					break Ok(teller.told);
				}
			};
			if flow.is_break() {
				break Ok(teller.told);
			}
		};
		stop.store(true, Ordering::Relaxed);
		// The walk may wait for room.
		drop(receiver);
		result
	})
}

/// Ignore files between the root and the folder a scan starts at count, too.
fn refused_above(root: &Root, path: &RelPath) -> Option<String> {
	let mut folder = path.clone();
	loop {
		if !are_harmless(&root.path().join(folder.as_path())) {
			return Some(folder.to_string());
		}
		if folder.is_root() {
			return None;
		}
		folder = folder.parent();
	}
}

struct Teller<'s> {
	sink: &'s mut dyn FnMut(ScanBatch) -> ControlFlow<()>,
	batch: ScanBatch,
	told: usize,
	last: Instant,
}

impl Teller<'_> {
	fn take(&mut self, found: Found, pace: Duration) -> ControlFlow<()> {
		match found {
			Found::Refused(path) if self.batch.refused.len() < MAX_REFUSED => self.batch.refused.push(path),
			Found::Refused(_) => {}
			Found::Entry(entry) => {
				self.batch.entries.push(entry);
				self.told += 1;
			}
		}
		if self.told == MAX_ENTRIES {
			self.batch.truncated = true;
			let _ = self.tell();
			return ControlFlow::Break(());
		}
		let is_due = self.batch.entries.len() >= BATCH || self.last.elapsed() >= pace;
		if is_due { self.flush() } else { ControlFlow::Continue(()) }
	}

	fn flush(&mut self) -> ControlFlow<()> {
		if self.batch.entries.is_empty() && self.batch.refused.is_empty() {
			return ControlFlow::Continue(());
		}
		self.tell()
	}

	fn tell(&mut self) -> ControlFlow<()> {
		self.last = Instant::now();
		(self.sink)(std::mem::take(&mut self.batch))
	}
}

struct Walk<'a> {
	root: &'a Root,
	request: &'a ScanRequest,
	sender: SyncSender<Found>,
	stop: &'a AtomicBool,
}

impl Walk<'_> {
	fn run(self, top: &Path) {
		let mut builder = WalkBuilder::new(top);
		builder
			.hidden(false)
			.parents(false)
			.git_global(false)
			.git_exclude(false)
			.require_git(false)
			.follow_links(false)
			.same_file_system(true)
			.max_depth(self.request.depth.map(|depth| depth as usize))
			.current_dir(self.root.path())
			.threads(THREADS);
		// The library looks above the start only where a repository is; the ignore files there count anyway.
		for ignore_file in
			ignore_files_above(self.root.path(), top).into_iter().chain(exclude_file(self.root))
		{
			// A line nobody can read leaves nothing out.
			let _ = builder.add_ignore(ignore_file);
		}
		let (refusals, root) = (self.sender.clone(), self.root.path().to_owned());
		builder.filter_entry(move |entry| {
			if is_git_name(entry.file_name().as_bytes()) {
				return false;
			}
			let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
			let harmless = !is_folder || are_harmless(entry.path());
			if !harmless && let Some(path) = relative(&root, entry.path()) {
				let _ = refusals.send(Found::Refused(path));
			}
			harmless
		});
		let walk = &self;
		builder.build_parallel().run(|| {
			let sender = walk.sender.clone();
			Box::new(move |entry| walk.visit(entry, &sender))
		});
	}

	fn visit(&self, entry: Result<DirEntry, ignore::Error>, sender: &SyncSender<Found>) -> WalkState {
		if self.stop.load(Ordering::Relaxed) {
			return WalkState::Quit;
		}
		// What vanished or cannot be listed is not there for us.
		let Ok(entry) = entry else { return WalkState::Continue };
		if entry.depth() == 0 {
			return WalkState::Continue;
		}
		match self.describe(&entry).map(|entry| sender.send(Found::Entry(entry))) {
			Some(Err(_)) => WalkState::Quit,
			_ => WalkState::Continue,
		}
	}

	/// `None` for what is not told.
	fn describe(&self, entry: &DirEntry) -> Option<ScannedEntry> {
		let kind = entry.file_type()?;
		let kind = if kind.is_file() {
			EntryKind::File
		} else if kind.is_symlink() {
			EntryKind::Link
		} else if kind.is_dir() && self.request.folders {
			EntryKind::Folder
		} else {
			return None;
		};
		let metadata = entry.metadata().ok()?;
		let path = relative(self.root.path(), entry.path())?;
		if let Some(cap) = self.request.max_text_bytes
			&& kind != EntryKind::Folder
			&& (kind == EntryKind::Link || metadata.len() > cap || !self.is_text(&path))
		{
			return None;
		}
		let modified =
			metadata.mtime().saturating_mul(1_000).saturating_add(metadata.mtime_nsec() / 1_000_000);
		let size = if kind == EntryKind::Folder { 0 } else { metadata.len() };
		Some(ScannedEntry { path, kind, size, modified })
	}

	fn is_text(&self, path: &str) -> bool {
		let Ok(opened) = RelPath::parse(path).and_then(|path| self.root.open_file(&path, u64::MAX)) else {
			return false;
		};
		let mut start = Vec::new();
		opened.file.take(PROBE).read_to_end(&mut start).is_ok() && !start.contains(&0)
	}
}

fn ignore_files_above(root: &Path, top: &Path) -> Vec<PathBuf> {
	let above = top.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
	let files = above.flat_map(|folder| ignore_files::NAMES.map(|name| folder.join(name)));
	let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
	files.reverse();
	files
}

fn relative(root: &Path, path: &Path) -> Option<String> {
	Some(bytes_to_text(path.strip_prefix(root).ok()?.as_os_str().as_bytes()))
}
