use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ignore::gitignore::Gitignore;
use notify::{Config, ErrorKind, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use stemma_paths::{Root, bytes_to_text};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::files::{WatchBatch, WatchRequest};

use crate::Context;
use crate::ignore_files::{NAMES, at_the_top};

/// Paths told one by one; more are told as “everything”.
const MAX_PATHS: usize = 1_000;
/// After a change, what follows this closely belongs to it.
const QUIET: Duration = Duration::from_millis(50);
/// Nobody waits longer for a change to be told.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the root and the cancel flag are looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// How changes are noticed.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions {
	pub poll_interval: Duration,
	/// Do not even try to be told by the system.
	pub always_poll: bool,
}

impl Default for WatchOptions {
	fn default() -> Self {
		Self { poll_interval: Duration::from_secs(3), always_poll: false }
	}
}

/// Tells changes until it is cancelled or `sink` ends it. Never more than one batch waits, whatever happens
/// meanwhile.
pub fn watch(
	context: Context<'_>,
	_request: &WatchRequest,
	sink: &mut dyn FnMut(WatchBatch) -> ControlFlow<()>,
) -> Result<(), HostError> {
	watch_with(context, WatchOptions::default(), sink)
}

/// As [`watch`], with other options.
pub fn watch_with(
	context: Context<'_>,
	options: WatchOptions,
	sink: &mut dyn FnMut(WatchBatch) -> ControlFlow<()>,
) -> Result<(), HostError> {
	context.root.check()?;
	let shared = Arc::new(Shared {
		root: context.root.path().to_owned(),
		pending: Mutex::new(Pending { ignored: at_the_top(context.root), gathered: Gathered::default() }),
		changed: Condvar::new(),
	});
	let (_watcher, polling) = start(context.root, options, &shared)?;
	let mut batch = WatchBatch { polling, ..WatchBatch::default() };
	loop {
		if sink(batch).is_break() {
			return Ok(());
		}
		batch = loop {
			if context.cancel.load(Ordering::Relaxed) {
				return Err(HostError::new(ErrorCode::Cancelled, "Stopped."));
			}
			context.root.check()?;
			if let Some(batch) = shared.next(context.root, polling) {
				break batch;
			}
		};
	}
}

/// The watcher lives as long as it is held. `true` when it looks by itself every few seconds.
fn start(
	root: &Root,
	options: WatchOptions,
	shared: &Arc<Shared>,
) -> Result<(Box<dyn Watcher + Send>, bool), HostError> {
	let failed = |error: notify::Error| {
		HostError::new(ErrorCode::Internal, format!("Changes of files cannot be watched: {error}."))
	};
	let handler = |shared: &Arc<Shared>| {
		let shared = Arc::clone(shared);
		move |event: notify::Result<Event>| shared.take(event)
	};
	let config = Config::default().with_follow_symlinks(false).with_poll_interval(options.poll_interval);
	if !options.always_poll {
		let mut watcher = RecommendedWatcher::new(handler(shared), config).map_err(failed)?;
		match watcher.watch(root.path(), RecursiveMode::Recursive) {
			Ok(()) => return Ok((Box::new(watcher), false)),
			// What is watched so far is a part only, and says nothing about the rest.
			Err(error) if is_limit(&error) => drop(watcher),
			Err(error) => return Err(failed(error)),
		}
	}
	let mut watcher = PollWatcher::new(handler(shared), config).map_err(failed)?;
	watcher.watch(root.path(), RecursiveMode::Recursive).map_err(failed)?;
	Ok((Box::new(watcher), true))
}

fn is_limit(error: &notify::Error) -> bool {
	match &error.kind {
		ErrorKind::MaxFilesWatch => true,
		// Too many watchers, or no memory for one more.
		ErrorKind::Io(error) => matches!(error.raw_os_error(), Some(24 | 28 | 12)),
		_ => false,
	}
}

struct Pending {
	ignored: Gitignore,
	gathered: Gathered,
}

#[derive(Default)]
struct Gathered {
	paths: BTreeSet<String>,
	everything: bool,
	repository: bool,
	ignore_files: bool,
	first: Option<Instant>,
	last: Option<Instant>,
}

struct Shared {
	root: std::path::PathBuf,
	pending: Mutex<Pending>,
	changed: Condvar,
}

impl Shared {
	fn lock(&self) -> MutexGuard<'_, Pending> {
		self.pending.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn take(&self, event: notify::Result<Event>) {
		let mut pending = self.lock();
		let told = match event {
			// Its own walk is access as well.
			Ok(Event { kind: EventKind::Access(_), .. }) => false,
			Ok(event) if event.need_rescan() => {
				pending.gathered.everything = true;
				true
			}
			Ok(event) => {
				let is_new_folder =
					matches!(event.kind, EventKind::Create(notify::event::CreateKind::Folder));
				let mut told = false;
				for path in &event.paths {
					told |= pending.add(&self.root, path, is_new_folder);
				}
				told
			}
			// A folder that went away while it was looked at, or more folders than can be watched.
			Err(error) => {
				pending.gathered.everything |= is_limit(&error);
				pending.gathered.everything
			}
		};
		if told {
			let now = Instant::now();
			pending.gathered.first.get_or_insert(now);
			pending.gathered.last = Some(now);
			self.changed.notify_one();
		}
	}

	/// The next batch when one is complete, after a short wait.
	fn next(&self, root: &Root, polling: bool) -> Option<WatchBatch> {
		let mut pending = self.lock();
		let (Some(first), Some(last)) = (pending.gathered.first, pending.gathered.last) else {
			drop(self.changed.wait_timeout(pending, GLANCE));
			return None;
		};
		if last.elapsed() < QUIET && first.elapsed() < PATIENCE {
			drop(pending);
			std::thread::sleep(QUIET / 4);
			return None;
		}
		let gathered = std::mem::take(&mut pending.gathered);
		drop(pending);
		if gathered.ignore_files {
			let ignored = at_the_top(root);
			self.lock().ignored = ignored;
		}
		Some(WatchBatch {
			paths: gathered.paths.into_iter().collect(),
			everything: gathered.everything,
			repository: gathered.repository,
			polling,
		})
	}
}

impl Pending {
	/// Whether the change is told.
	fn add(&mut self, root: &Path, path: &Path, is_folder: bool) -> bool {
		let Ok(relative) = path.strip_prefix(root) else { return false };
		if relative.as_os_str().is_empty() {
			return false;
		}
		if let Ok(inside) = relative.strip_prefix(".git") {
			let shown = is_told_of_git(inside);
			self.gathered.repository |= shown;
			return shown;
		}
		if relative.iter().any(|name| name == ".git") {
			return false;
		}
		self.gathered.ignore_files |= NAMES.iter().any(|name| relative == Path::new(name));
		if self.ignored.matched_path_or_any_parents(relative, is_folder).is_ignore() {
			return false;
		}
		let gathered = &mut self.gathered;
		if gathered.paths.len() == MAX_PATHS {
			gathered.paths.clear();
			gathered.everything = true;
		}
		if !gathered.everything {
			gathered.paths.insert(bytes_to_text(relative.as_os_str().as_bytes()));
		}
		true
	}
}

/// Of all that Git writes, what a reader of the repository sees.
fn is_told_of_git(inside: &Path) -> bool {
	if inside.extension().is_some_and(|extension| extension == "lock") {
		return false;
	}
	let Some(first) = inside.iter().next().and_then(|name| name.to_str()) else { return false };
	matches!(first, "HEAD" | "index" | "packed-refs" | "refs" | "reftable" | "shallow" | "config")
		|| first.ends_with("_HEAD") && first != "FETCH_HEAD"
		|| first.starts_with("rebase-")
		|| inside.starts_with("logs/refs/stash")
}
