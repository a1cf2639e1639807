use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::jobs::{Job, JobId, JobState, Jobs, LogBatch, LogLine, LogSource, Progress};
use stemma_proto::roots::RootId;

use crate::Cancel;

/// What is kept of jobs that have ended.
const ENDED_KEPT: usize = 50;
/// What is kept of the words of one job.
const LOG_LINES: usize = 2_000;
const LOG_BYTES: usize = 512 * 1024;
/// A line without an end is cut here.
const LINE_BYTES: usize = 8 * 1024;

struct Entry {
	job: Job,
	cancel: Cancel,
	/// Number of the first line that is still kept.
	first: u64,
	lines: VecDeque<LogLine>,
	bytes: usize,
}

#[derive(Default)]
struct State {
	next: u64,
	/// Grows with every change, so that a watcher knows whether it has seen it.
	version: u64,
	/// Oldest first.
	entries: Vec<Entry>,
}

struct Inner {
	now: fn() -> u64,
	state: Mutex<State>,
	changed: Condvar,
}

/// All jobs of a host. Clones are the same one.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

/// The work's own hold on its job. Dropped without an end, the job has failed.
pub struct JobHandle {
	registry: Registry,
	id: JobId,
	cancel: Cancel,
	over: bool,
}

/// A look at the words of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
	pub batch: LogBatch,
	/// Where to go on from.
	pub next: u64,
	/// The job has ended: there will be no more.
	pub is_over: bool,
}

impl Registry {
	/// `now` gives milliseconds since 1970.
	pub fn new(now: fn() -> u64) -> Self {
		Self(Arc::new(Inner { now, state: Mutex::default(), changed: Condvar::new() }))
	}

	/// Enters a job that runs from now on and is stopped by `cancel`.
	pub fn start(&self, kind: &str, label: &str, owner: Option<&str>, cancel: &Cancel) -> JobHandle {
		let mut state = self.lock();
		state.next += 1;
		let id = JobId(format!("job-{}", state.next));
		state.entries.push(Entry {
			job: Job {
				id: id.clone(),
				kind: kind.to_owned(),
				label: label.to_owned(),
				owner: owner.map(str::to_owned),
				root: None,
				state: JobState::Running,
				progress: None,
				started_at: (self.0.now)(),
				ended_at: None,
				error: None,
				lines: 0,
			},
			cancel: cancel.clone(),
			first: 0,
			lines: VecDeque::new(),
			bytes: 0,
		});
		let ended = state.entries.iter().filter(|entry| entry.job.state.is_over()).count();
		if ended > ENDED_KEPT
			&& let Some(oldest) = state.entries.iter().position(|entry| entry.job.state.is_over())
		{
			state.entries.remove(oldest);
		}
		self.announce(state);
		JobHandle { registry: self.clone(), id, cancel: cancel.clone(), over: false }
	}

	pub fn list(&self) -> Jobs {
		self.snapshot().0
	}

	/// The list and its version.
	pub fn snapshot(&self) -> (Jobs, u64) {
		let state = self.lock();
		let mut jobs: Vec<Job> = state.entries.iter().rev().map(|entry| entry.job.clone()).collect();
		jobs.sort_by_key(|job| job.state.is_over());
		(Jobs { jobs }, state.version)
	}

	/// Waits for a change after `seen`, at most for `patience`: the list and its version, or nothing new.
	pub fn changed_since(&self, seen: u64, patience: Duration) -> Option<(Jobs, u64)> {
		let state = self.lock();
		let (state, _) = self
			.0
			.changed
			.wait_timeout_while(state, patience, |state| state.version == seen)
			.unwrap_or_else(PoisonError::into_inner);
		let is_new = state.version != seen;
		drop(state);
		is_new.then(|| self.snapshot())
	}

	/// Tells a job to stop.
	pub fn cancel(&self, id: &JobId) -> Result<(), HostError> {
		let mut state = self.lock();
		let entry = find(&mut state, id).ok_or_else(unknown_job)?;
		if entry.job.state.is_over() {
			return Ok(());
		}
		entry.job.state = JobState::Stopping;
		let cancel = entry.cancel.clone();
		self.announce(state);
		cancel.cancel();
		Ok(())
	}

	/// Tells all jobs of a window to stop.
	pub fn cancel_owner(&self, owner: &str) {
		self.cancel_where(|job| job.owner.as_deref() == Some(owner));
	}

	pub fn cancel_all(&self) {
		self.cancel_where(|_| true);
	}

	pub fn is_busy(&self) -> bool {
		self.lock().entries.iter().any(|entry| !entry.job.state.is_over())
	}

	/// Lines from number `from` on; waits for some, at most for `patience`, unless the job has ended.
	pub fn log(&self, id: &JobId, from: u64, patience: Duration) -> Result<Log, HostError> {
		let state = self.lock();
		let nothing_new = |state: &mut State| {
			find(state, id).is_some_and(|entry| entry.job.lines <= from && !entry.job.state.is_over())
		};
		let (mut state, _) = self
			.0
			.changed
			.wait_timeout_while(state, patience, nothing_new)
			.unwrap_or_else(PoisonError::into_inner);
		let entry = find(&mut state, id).ok_or_else(unknown_job)?;
		let first = from.max(entry.first);
		let skipped = usize::try_from(first - entry.first).unwrap_or(usize::MAX);
		Ok(Log {
			batch: LogBatch { first, lines: entry.lines.iter().skip(skipped).cloned().collect() },
			next: entry.job.lines,
			is_over: entry.job.state.is_over(),
		})
	}

	fn cancel_where(&self, chosen: impl Fn(&Job) -> bool) {
		let ids: Vec<JobId> = self
			.lock()
			.entries
			.iter()
			.filter(|entry| chosen(&entry.job))
			.map(|entry| entry.job.id.clone())
			.collect();
		for id in ids {
			// One that was forgotten meanwhile has ended.
			let _ = self.cancel(&id);
		}
	}

	fn change(&self, id: &JobId, change: impl FnOnce(&mut Entry)) {
		let mut state = self.lock();
		if let Some(entry) = find(&mut state, id) {
			change(entry);
		}
		self.announce(state);
	}

	fn announce(&self, mut state: MutexGuard<'_, State>) {
		state.version += 1;
		drop(state);
		self.0.changed.notify_all();
	}

	fn lock(&self) -> MutexGuard<'_, State> {
		self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl JobHandle {
	pub fn id(&self) -> &JobId {
		&self.id
	}

	pub fn cancel(&self) -> &Cancel {
		&self.cancel
	}

	/// Says in which linked folder it runs.
	pub fn runs_in(&self, root: &RootId) {
		self.registry.change(&self.id, |entry| entry.job.root = Some(root.clone()));
	}

	pub fn progress(&self, done: u64, total: Option<u64>) {
		self.registry.change(&self.id, |entry| entry.job.progress = Some(Progress { done, total }));
	}

	/// Adds one line to the log, without its line end.
	pub fn say(&self, source: LogSource, line: &str) {
		let cut = (0..=line.len().min(LINE_BYTES)).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
		let text = if cut < line.len() { format!("{}…", &line[..cut]) } else { line.to_owned() };
		self.registry.change(&self.id, |entry| {
			entry.bytes += text.len();
			entry.lines.push_back(LogLine { source, text });
			entry.job.lines += 1;
			while entry.lines.len() > LOG_LINES || entry.bytes > LOG_BYTES {
				let Some(oldest) = entry.lines.pop_front() else { break };
				entry.bytes -= oldest.text.len();
				entry.first += 1;
			}
		});
	}

	/// Says how it ended. An error after a cancel is the cancel.
	pub fn end(mut self, result: &Result<(), HostError>) {
		self.over = true;
		self.close(result);
	}

	fn close(&self, result: &Result<(), HostError>) {
		let is_cancelled = self.cancel.is_cancelled();
		let now = (self.registry.0.now)();
		self.registry.change(&self.id, |entry| {
			entry.job.ended_at = Some(now);
			match result {
				Ok(()) => entry.job.state = JobState::Done,
				Err(error) if is_cancelled || error.code == ErrorCode::Cancelled => {
					entry.job.state = JobState::Cancelled;
				}
				Err(error) => {
					entry.job.state = JobState::Failed;
					entry.job.error = Some(error.clone());
				}
			}
		});
	}
}

impl Drop for JobHandle {
	fn drop(&mut self) {
		if !self.over {
			self.close(&Err(HostError::new(ErrorCode::Internal, "The job broke off. Its log may say more.")));
		}
	}
}

fn find<'a>(state: &'a mut State, id: &JobId) -> Option<&'a mut Entry> {
	state.entries.iter_mut().find(|entry| entry.job.id == *id)
}

fn unknown_job() -> HostError {
	HostError::new(ErrorCode::NotFound, "This job is not known any more.")
}

#[cfg(test)]
mod tests {
	use super::*;

	const SOON: Duration = Duration::from_millis(20);

	fn started() -> (Registry, JobHandle) {
		let registry = Registry::new(|| 1_000);
		let job = registry.start("test.run", "a test", Some("tab-1"), &Cancel::default());
		(registry, job)
	}

	fn states(registry: &Registry) -> Vec<JobState> {
		registry.list().jobs.iter().map(|job| job.state).collect()
	}

	#[test]
	fn a_job_ends_as_its_work_does() {
		let (registry, done) = started();
		let failed = registry.start("test.run", "b", None, &Cancel::default());
		let lost = registry.start("test.run", "c", None, &Cancel::default());
		let cancelled = registry.start("test.run", "d", None, &Cancel::default());
		registry.cancel(cancelled.id()).unwrap();
		assert!(cancelled.cancel().is_cancelled(), "the work is told");
		assert_eq!(states(&registry)[0], JobState::Stopping);
		done.end(&Ok(()));
		failed.end(&Err(HostError::new(ErrorCode::Internal, "no")));
		drop(lost);
		cancelled.end(&Err(HostError::new(ErrorCode::Internal, "the pipe broke")));
		assert_eq!(
			states(&registry),
			[JobState::Cancelled, JobState::Failed, JobState::Failed, JobState::Done],
			"newest first"
		);
		assert!(!registry.is_busy());
	}

	#[test]
	fn running_jobs_are_listed_before_ended_ones() {
		let (registry, running) = started();
		registry.start("test.run", "later", None, &Cancel::default()).end(&Ok(()));
		assert_eq!(registry.list().jobs[0].id, *running.id());
	}

	#[test]
	fn many_ended_jobs_are_forgotten_and_running_ones_never() {
		let (registry, running) = started();
		for _ in 0..500 {
			registry.start("test.run", "short", None, &Cancel::default()).end(&Ok(()));
		}
		let jobs = registry.list().jobs;
		assert_eq!(jobs[0].id, *running.id());
		assert!(jobs.len() <= ENDED_KEPT + 2, "{} are kept", jobs.len());
	}

	#[test]
	fn a_log_keeps_its_end_and_says_where_that_begins() {
		let (registry, job) = started();
		for number in 0..10_000 {
			job.say(LogSource::Out, &format!("line {number}"));
		}
		let log = registry.log(job.id(), 0, SOON).unwrap();
		assert_eq!(log.batch.first, 10_000 - LOG_LINES as u64);
		assert_eq!(log.batch.lines.last().unwrap().text, "line 9999");
		assert_eq!((log.next, log.is_over), (10_000, false));
		assert_eq!(registry.log(job.id(), 9_998, SOON).unwrap().batch.lines.len(), 2);
		for _ in 0..1_000 {
			job.say(LogSource::Err, &"é".repeat(LINE_BYTES));
		}
		let log = registry.log(job.id(), 0, SOON).unwrap();
		assert!(log.batch.lines.iter().map(|line| line.text.len()).sum::<usize>() <= LOG_BYTES);
		assert!(log.batch.lines[0].text.ends_with("é…"), "a long line is cut between characters");
	}

	#[test]
	fn a_reader_of_the_log_wakes_by_a_line_and_by_the_end() {
		let (registry, job) = started();
		let reader = {
			let (registry, id) = (registry.clone(), job.id().clone());
			std::thread::spawn(move || {
				let patience = Duration::from_secs(20);
				let first = registry.log(&id, 0, patience).unwrap();
				let last = registry.log(&id, first.next, patience).unwrap();
				(first, last)
			})
		};
		std::thread::sleep(SOON);
		job.say(LogSource::Host, "hello");
		std::thread::sleep(SOON);
		job.end(&Ok(()));
		let (first, last) = reader.join().unwrap();
		assert_eq!((first.batch.lines.len(), first.is_over), (1, false));
		assert_eq!((last.batch.lines.len(), last.is_over), (0, true));
	}

	#[test]
	fn a_watcher_sees_every_change_once() {
		let (registry, job) = started();
		let (_, seen) = registry.changed_since(0, SOON).expect("there is a job");
		assert!(registry.changed_since(seen, SOON).is_none(), "nothing has happened since");
		job.progress(3, Some(4));
		let (jobs, _) = registry.changed_since(seen, SOON).expect("progress is a change");
		assert_eq!(jobs.jobs[0].progress, Some(Progress { done: 3, total: Some(4) }));
	}

	#[test]
	fn a_window_that_closes_takes_its_jobs_along_and_no_others() {
		let (registry, mine) = started();
		let other = registry.start("test.run", "other", Some("tab-2"), &Cancel::default());
		registry.cancel_owner("tab-1");
		assert!(mine.cancel().is_cancelled());
		assert!(!other.cancel().is_cancelled());
	}
}
