//! Who wrote which line, compared with what Git says.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

mod support;

use std::sync::atomic::AtomicBool;

use stemma_git::{Context, blame};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::git::{Blame, BlameRequest};
use support::{Fixture, HISTORY, Random, no_root};

fn request(commit: &str, path: &str) -> BlameRequest {
	BlameRequest { root: no_root(), commit: commit.into(), path: path.into(), first: None, last: None }
}

/// `commit line-there line-here path-there` for each line.
fn told(found: &Blame, path: &str) -> Vec<String> {
	let mut lines = Vec::new();
	for hunk in &found.hunks {
		assert!(found.commits.iter().any(|commit| commit.id == hunk.commit), "its commit is told");
		assert_ne!(hunk.source_path.as_deref(), Some(path), "a path is told where it was another one");
		let there = hunk.source_path.as_deref().unwrap_or(path);
		for line in 0..hunk.lines {
			let (source, start) = (hunk.source_start + line, hunk.start + line);
			lines.push(format!("{} {source} {start} {there}", hunk.commit));
		}
	}
	lines
}

fn told_by_git(fixture: &Fixture, args: &[&str]) -> Vec<String> {
	let all = [&["-c", "core.quotePath=false", "blame", "--line-porcelain"], args].concat();
	let mut lines: Vec<String> = Vec::new();
	for line in fixture.git_text(&all).lines() {
		let mut words = line.split(' ');
		if words.next().is_some_and(|id| id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
			lines.push(line.split(' ').take(3).collect::<Vec<_>>().join(" "));
		} else if let Some(name) = line.strip_prefix("filename ") {
			*lines.last_mut().unwrap() += &format!(" {name}");
		}
	}
	lines
}

fn check(fixture: &Fixture, context: Context<'_>, commit: &str, path: &str) {
	let found = blame(context, &request(commit, path)).expect("a blame");
	assert_eq!(told(&found, path), told_by_git(fixture, &[commit, "--", path]), "{path} at {commit}");
}

fn refused(result: Result<Blame, HostError>) -> HostError {
	result.expect_err("it is refused")
}

#[test]
fn blame_names_the_commits_git_names() {
	let fixture = Fixture::of(HISTORY);
	for commit in ["HEAD", "refs/heads/side"] {
		for path in fixture.git_text(&["ls-tree", "-r", "--name-only", "-z", commit]).split('\0') {
			// Git shows what a link leads to; here a link has no lines.
			if path == "link" && commit != "HEAD" || path.is_empty() || path.contains('\u{fffd}') {
				continue;
			}
			check(&fixture, fixture.context(), commit, path);
		}
	}
}

#[test]
fn a_part_of_a_file_and_no_part_of_it() {
	let fixture = Fixture::of(&format!("{HISTORY}\n: > empty; commit empty"));
	let part = |first, last| BlameRequest { first, last, ..request("HEAD", "src/numbers") };
	for (first, last, range) in [
		(Some(28), Some(32), "28,32"),
		(Some(28), None, "28,"),
		(None, Some(3), ",3"),
		(Some(28), Some(2000), "28,"),
	] {
		let found = blame(fixture.context(), &part(first, last)).expect("a blame");
		let expected = told_by_git(&fixture, &["-L", range, "HEAD", "--", "src/numbers"]);
		assert_eq!(told(&found, "src/numbers"), expected, "{range}");
	}
	for (first, last) in [(Some(5), Some(2)), (Some(0), None), (Some(9_999), None)] {
		let error = refused(blame(fixture.context(), &part(first, last)));
		assert_eq!(error.code, ErrorCode::Invalid, "{first:?} to {last:?}");
	}
	let empty = blame(fixture.context(), &request("HEAD", "empty")).expect("a blame");
	assert!(empty.hunks.is_empty() && empty.commits.is_empty());
	for path in ["none", "src", "src/numbers/x", ""] {
		let error = refused(blame(fixture.context(), &request("HEAD", path)));
		assert_eq!(error.code, ErrorCode::NotFound, "{path}");
	}
}

/// Branches that change, move and unite a file.
#[test]
fn random_histories_are_blamed_as_git_blames_them() {
	for seed in 0..8 {
		let fixture = Fixture::of("init");
		let mut random = Random(seed);
		let mut stream = String::new();
		// What each commit has: a path and lines.
		let mut versions: Vec<(String, Vec<String>)> = Vec::new();
		for number in 1..=60 {
			let mut parents = Vec::new();
			for _ in 0..1 + random.below(3) / 2 {
				let parent = number - 1 - random.below((number - 1).min(4));
				if number > 1 && parent > 0 && !parents.contains(&parent) {
					parents.push(parent);
				}
			}
			let (mut path, mut lines) = match parents.first() {
				Some(first) => versions[first - 1].clone(),
				None => ("file".into(), (0..30).map(|line| format!("{line} at first")).collect()),
			};
			if let Some(second) = parents.get(1) {
				// Half of the other side comes in, below or above.
				let other: Vec<_> =
					versions[second - 1].1.iter().filter(|l| !lines.contains(l)).cloned().collect();
				let at = if random.below(2) == 0 { 0 } else { lines.len() };
				lines.splice(at..at, other);
			}
			for edit in 0..random.below(4) {
				let at = random.below(lines.len());
				match random.below(4) {
					0 if lines.len() > 20 => drop(lines.remove(at)),
					1 => lines.insert(at, format!("{edit} new in {number}")),
					// The same text once more.
					2 => lines.insert(at, lines[random.below(lines.len())].clone()),
					_ => lines[at] = format!("{edit} changed in {number}"),
				}
			}
			let old = path.clone();
			if random.below(8) == 0 {
				path = format!("folder{}/file{number}", random.below(3));
			}
			let text = lines.join("\n");
			stream += &format!(
				"commit refs/heads/b{number}\nmark :{number}\ncommitter C <c@x> {} +0000\ndata 1\nx\n",
				1_000_000 + number * 10
			);
			for (index, parent) in parents.iter().enumerate() {
				stream += &format!("{} :{parent}\n", if index == 0 { "from" } else { "merge" });
			}
			if old != path {
				stream += &format!("D {old}\n");
			}
			stream += &format!("M 100644 inline {path}\ndata {}\n{text}\n\n", text.len());
			versions.push((path, lines));
		}
		let output = support::try_git(fixture.path(), &["fast-import", "--quiet"], stream.as_bytes());
		assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
		for (index, (path, _)) in versions.iter().enumerate().skip(40) {
			check(&fixture, fixture.context(), &format!("refs/heads/b{}", index + 1), path);
		}
	}
}

const CHANGED_THREE_TIMES: &str = r#"
seq 1 20 > f; commit one; sed -i 3s/$/x/ f; commit two
git mv f g; sed -i 9s/$/x/ g; commit three; sed -i 15s/$/x/ g; commit four
"#;

#[test]
fn a_bare_repository_and_a_linked_worktree() {
	for clone in ["git clone -q --bare origin work", "git -C origin worktree add -q -b side ../work"] {
		let fixture =
			Fixture::beside(&format!("init origin; cd origin\n{CHANGED_THREE_TIMES}\ncd ..; {clone}"));
		check(&fixture, fixture.anywhere(), "HEAD", "g");
		check(&fixture, fixture.anywhere(), &fixture.git_text(&["rev-parse", "HEAD~2"]), "f");
	}
}

#[test]
fn where_history_is_cut_off_lines_may_be_older() {
	for depth in [1, 2, 3, 4, 5] {
		let fixture = Fixture::beside(&format!(
			"init origin; cd origin\n{CHANGED_THREE_TIMES}\ncd ..; git clone -q --depth {depth} file://$PWD/origin work"
		));
		check(&fixture, fixture.context(), "HEAD", "g");
		let found = blame(fixture.context(), &request("HEAD", "g")).expect("a blame");
		let porcelain = fixture.git_text(&["blame", "--porcelain", "HEAD", "--", "g"]);
		let is_complete = depth >= 4;
		// Git calls the first commit of all a boundary, too.
		assert_eq!(porcelain.lines().filter(|line| *line == "boundary").count(), 1);
		let last = fixture.git_text(&["rev-list", "--max-parents=0", "HEAD"]);
		assert_eq!(found.cut_off, if is_complete { vec![] } else { vec![last] }, "{depth} commits are here");
	}
}

#[test]
fn what_a_partial_clone_lacks_is_named_and_not_fetched() {
	let fixture = Fixture::beside(&format!(
		r#"
init origin; cd origin
{CHANGED_THREE_TIMES}
git config uploadpack.allowFilter true; cd ..
git clone -q --filter=blob:none file://$PWD/origin work
"#
	));
	let missing =
		|| fixture.git_text(&["rev-list", "--objects", "--all", "--missing=print"]).matches('?').count();
	let before = missing();
	assert_eq!(before, 3, "only what is checked out is here");
	let error = refused(blame(fixture.context(), &request("HEAD", "g")));
	assert_eq!(error.code, ErrorCode::Unsupported);
	assert!(error.message.contains("partial clone"), "{}", error.message);
	assert_eq!(missing(), before, "nothing was fetched");
	// Git fetches as it goes; then it can be read here as well.
	fixture.git(&["blame", "HEAD", "--", "g"]);
	check(&fixture, fixture.context(), "HEAD", "g");
}

#[test]
fn it_can_be_stopped() {
	let fixture = Fixture::of(HISTORY);
	let cancelled = AtomicBool::new(true);
	let context = Context { cancel: &cancelled, ..fixture.context() };
	let error = refused(blame(context, &request("HEAD", "src/numbers")));
	assert_eq!(error.code, ErrorCode::Cancelled);
}
