//! Measures reading a repository against Git itself, on repositories made for it: one JSON line per figure, of
//! the shape `bench/src/figure.ts` has.
//!
//! `cargo run --release -p stemma-git --example bench [-- COMMITS FILES]`
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a repository that cannot be made is no figure")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use stemma_git::{Context, Reach};
use stemma_paths::Root;
use stemma_proto::files::ScanRequest;
use stemma_proto::git::*;
use stemma_proto::roots::RootId;

static GO_ON: AtomicBool = AtomicBool::new(false);
/// Runs of each figure, ours and Git's in turn.
const RUNS: usize = 7;
const BLAMED_LINES: usize = 2_000;

fn main() -> ExitCode {
	let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
	let commits = numbers.next().unwrap_or(80_000);
	let files = numbers.next().unwrap_or(20_000);
	let folder = tempfile::tempdir().expect("a folder");
	let history = repository(&folder.path().join("history"), |path| write_history(path, commits));
	let tree = repository(&folder.path().join("tree"), |path| write_tree(path, files));
	let figures = [
		log_page(&history),
		ingest(&history, commits),
		diff(&history),
		blame(&history),
		status(&tree),
		first_of_scan(&tree),
		scan(&tree, files),
	];
	for figure in &figures {
		println!("{}", figure.to_json());
	}
	if figures.iter().all(Figure::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Figure {
	name: &'static str,
	/// Milliseconds, the median of the runs.
	value: f64,
	/// The same of Git, run in turns with ours.
	baseline: Option<f64>,
	/// Largest ratio to the baseline, or without one the largest value.
	target: f64,
}

impl Figure {
	fn ratio(&self) -> Option<f64> {
		Some(self.value / self.baseline?)
	}

	fn is_ok(&self) -> bool {
		self.ratio().unwrap_or(self.value) <= self.target
	}

	fn to_json(&self) -> String {
		let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
		let sign = if self.baseline.is_some() { "ratio ≤" } else { "≤" };
		serde_json::json!({
			"name": self.name,
			"value": rounded(self.value),
			"unit": "ms",
			"baseline": self.baseline.map(rounded),
			"ratio": self.ratio().map(rounded),
			"target": format!("{sign} {}", self.target),
			"ok": self.is_ok(),
		})
		.to_string()
	}
}

fn compared(name: &'static str, target: f64, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Figure {
	let mut times = [Vec::new(), Vec::new()];
	for _ in 0..RUNS {
		times[0].push(timed(&mut ours));
		times[1].push(timed(&mut theirs));
	}
	let [value, baseline] = times.map(median);
	Figure { name, value, baseline: Some(baseline), target }
}

fn median(mut times: Vec<f64>) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}

fn timed(work: &mut impl FnMut()) -> f64 {
	let start = Instant::now();
	work();
	start.elapsed().as_secs_f64() * 1_000.0
}

fn context(root: &Root) -> Context<'_> {
	Context { root, reach: Reach::Inside, cancel: &GO_ON }
}

fn no_root() -> RootId {
	RootId(String::new())
}

fn git(root: &Root, args: &[&str]) {
	let output = Command::new("git")
		.current_dir(root.path())
		.env("GIT_CONFIG_GLOBAL", "/dev/null")
		.args(args)
		.output()
		.expect("git");
	assert!(output.status.success() && !output.stdout.is_empty(), "git {args:?}");
}

/// A page of 200 commits with authors, subjects and refs.
fn log_page(history: &Root) -> Figure {
	let request =
		HistoryRequest { root: no_root(), from: Vec::new(), all: false, limit: Some(200), cursor: None };
	compared(
		"git-log-200",
		1.0,
		|| assert_eq!(stemma_git::log(context(history), &request).unwrap().commits.len(), 200),
		|| git(history, &["log", "-n200", "--decorate=full", "--format=%H %P %an %ae %at %ct %D %s"]),
	)
}

/// All of the history with authors and subjects, against ids alone.
fn ingest(history: &Root, commits: usize) -> Figure {
	let request = IngestRequest { root: no_root(), from: Vec::new(), all: false };
	compared(
		"git-ingest",
		2.0,
		|| {
			let told = stemma_git::ingest(context(history), &request, &mut |_| ControlFlow::Continue(()));
			assert_eq!(told.unwrap().commits as usize, commits);
		},
		|| git(history, &["rev-list", "HEAD"]),
	)
}

/// Fifty files with their lines, five of them moved.
fn diff(history: &Root) -> Figure {
	let of = DiffOf::Commit { commit: "refs/heads/changed".into(), parent: None };
	let request = DiffRequest { root: no_root(), of, paths: Vec::new(), context: None, no_renames: false };
	compared(
		"git-diff",
		1.5,
		|| assert_eq!(stemma_git::diff(context(history), &request).unwrap().files.len(), 50),
		|| git(history, &["show", "-M", "--format=", "changed"]),
	)
}

/// Each line of a file that four hundred commits changed.
fn blame(history: &Root) -> Figure {
	let request = BlameRequest {
		root: no_root(),
		commit: "refs/heads/blamed".into(),
		path: "blamed".into(),
		first: None,
		last: None,
	};
	compared(
		"git-blame",
		1.5,
		|| {
			let hunks = stemma_git::blame(context(history), &request).unwrap().hunks;
			assert_eq!(hunks.iter().map(|hunk| hunk.lines as usize).sum::<usize>(), BLAMED_LINES);
		},
		|| git(history, &["blame", "--porcelain", "blamed", "--", "blamed"]),
	)
}

/// One file changed and one new among all.
fn status(tree: &Root) -> Figure {
	let request = StatusRequest { root: no_root(), untracked: None };
	compared(
		"git-status",
		1.5,
		|| assert_eq!(stemma_git::status(context(tree), &request).unwrap().entries.len(), 2),
		|| git(tree, &["--no-optional-locks", "status", "--porcelain"]),
	)
}

fn scan_request() -> ScanRequest {
	ScanRequest { root: no_root(), path: String::new(), depth: None, folders: false, max_text_bytes: None }
}

/// What a reader sees first of a scan.
fn first_of_scan(tree: &Root) -> Figure {
	let context = stemma_scan::Context { root: tree, cancel: &GO_ON };
	let mut first = || {
		stemma_scan::scan(context, &scan_request(), &mut |batch| {
			assert!(!batch.entries.is_empty());
			ControlFlow::Break(())
		})
		.unwrap();
	};
	let value = median((0..RUNS).map(|_| timed(&mut first)).collect());
	Figure { name: "scan-first", value, baseline: None, target: 50.0 }
}

/// Every file with size and time, against `ls-files` and `stat`.
fn scan(tree: &Root, files: usize) -> Figure {
	let context = stemma_scan::Context { root: tree, cancel: &GO_ON };
	compared(
		"scan",
		1.5,
		|| {
			let told = stemma_scan::scan(context, &scan_request(), &mut |_| ControlFlow::Continue(()));
			assert!(told.unwrap() > files);
		},
		|| {
			let script =
				"git ls-files -z --cached --others --exclude-standard | xargs -0 stat -c '%s %Y' -- | wc -l";
			let output = Command::new("sh").args(["-c", script]).current_dir(tree.path()).output();
			assert!(output.unwrap().status.success());
		},
	)
}

fn repository(path: &Path, write: impl FnOnce(&Path)) -> Root {
	fs::create_dir(path).unwrap();
	run(path, "git init -q -b main");
	write(path);
	Root::link("bench", path).expect("linked")
}

fn run(folder: &Path, script: &str) {
	let output = Command::new("sh").args(["-ec", script]).current_dir(folder).output().expect("sh");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `commits` with a merge every tenth, beside them a commit with renames and a file with many authors.
fn write_history(path: &Path, commits: usize) {
	let mut stream = String::new();
	let mut mark = 0;
	let mut blob = |stream: &mut String, text: &str| {
		mark += 1;
		let _ = write!(stream, "blob\nmark :{mark}\ndata {}\n{text}\n", text.len());
		mark
	};
	let base = 1_000_000;
	for number in 1..=commits {
		let file = blob(&mut stream, &format!("file {number}\n"));
		let time = 1_500_000_000 + number * 60;
		let message = format!("change number {number}\n\nwith a body of some words");
		let _ = write!(
			stream,
			"commit refs/heads/main\nmark :{}\nauthor Ada <ada{}@example.org> {time} +0100\n\
			 committer Ben <ben@example.org> {time} +0000\ndata {}\n{message}\n",
			base + number,
			number % 50,
			message.len()
		);
		if number > 1 {
			let _ = writeln!(stream, "from :{}", base + number - 1);
			if number > 12 && number % 10 == 0 {
				let _ = writeln!(stream, "merge :{}", base + number - 7);
			}
		}
		let _ = write!(stream, "M 100644 :{file} d{}/f{}\n\n", number % 50, number % 3_000);
	}
	let text = |number: usize, changed: bool| -> String {
		let line = |line: usize| match changed && line.is_multiple_of(40) {
			true => format!("line {line} of {number}, changed\n"),
			false => format!("line {line} of {number}\n"),
		};
		(0..200).map(line).collect()
	};
	let head = base + commits;
	for (step, changed) in [(1, false), (2, true)] {
		let mut files = Vec::new();
		for number in 0..50 {
			files.push(blob(&mut stream, &text(number, changed)));
		}
		let _ = write!(
			stream,
			"commit refs/heads/changed\nmark :{}\ncommitter Ben <b@c> 1900000000 +0000\ndata 1\nx\nfrom :{}\n",
			2 * base + step,
			if step == 1 { head } else { 2 * base + 1 }
		);
		for (number, file) in files.iter().enumerate() {
			let moved = changed && number % 10 == 0;
			if moved {
				let _ = writeln!(stream, "D text/t{number}");
			}
			let folder = if moved { "moved" } else { "text" };
			let _ = writeln!(stream, "M 100644 :{file} {folder}/t{number}");
		}
		stream.push('\n');
	}
	let mut lines: Vec<String> = (0..BLAMED_LINES).map(|line| format!("{line} at first\n")).collect();
	for step in 0..400 {
		for at in 0..10 {
			let line = (step * 37 + at * 211) % BLAMED_LINES;
			lines[line] = format!("{line} in step {step}\n");
		}
		let file = blob(&mut stream, &lines.concat());
		let _ = write!(
			stream,
			"commit refs/heads/blamed\nmark :{}\ncommitter Ben <b@c> {} +0000\ndata 1\nx\nfrom :{}\nM 100644 :{file} blamed\n\n",
			3 * base + step,
			1_900_000_000 + step,
			if step == 0 { head } else { 3 * base + step - 1 }
		);
	}
	let mut child = Command::new("git")
		.args(["fast-import", "--quiet"])
		.current_dir(path)
		.stdin(Stdio::piped())
		.spawn()
		.expect("git");
	child.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("written");
	assert!(child.wait().expect("it ends").success());
	run(path, "git repack -qad && git reset -q --hard main");
}

/// `files` in some hundred folders, one of them changed and one new.
fn write_tree(path: &Path, files: usize) {
	for number in 0..files {
		let folder = path.join(format!("d{}/e{}", number % 20, number % 400));
		if number < 400 {
			fs::create_dir_all(&folder).unwrap();
		}
		fs::write(folder.join(format!("f{number}.txt")), format!("file {number}\n")).unwrap();
	}
	fs::write(path.join(".gitignore"), "*.log\n/target\n").unwrap();
	// The index has to be younger than the files, or every one of them is read.
	run(
		path,
		"sleep 1.1; git add -A; git -c user.name=a -c user.email=a@b commit -qm x; git repack -qad; sleep 1.1; git status >/dev/null",
	);
	fs::write(path.join("d0/e0/f0.txt"), "changed\n").unwrap();
	fs::write(path.join("new.txt"), "new\n").unwrap();
}
