//! History, commits and diffs, compared with what Git says.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

mod support;

use std::ops::ControlFlow;

use stemma_git::{Context, Ingested, commit, diff, file, file_info, info, ingest, log, refs, stashes, tree};
use stemma_proto::error::ErrorCode;
use stemma_proto::git::*;
use support::{Fixture, GO_ON, HISTORY, Random, fields, git, git_version, no_root, try_git};

fn log_request() -> HistoryRequest {
	HistoryRequest { root: no_root(), from: Vec::new(), all: false, limit: None, cursor: None }
}

fn whole() -> RepositoryRequest {
	RepositoryRequest { root: no_root() }
}

/// All pages of a log, one after the other.
fn pages(context: Context<'_>, request: &HistoryRequest, mut size: impl FnMut() -> u32) -> Vec<CommitLine> {
	let mut commits = Vec::new();
	let mut request = request.clone();
	loop {
		request.limit = Some(size());
		let page = log(context, &request).expect("a page");
		commits.extend(page.commits);
		let Some(next) = page.next else { return commits };
		request.cursor = Some(next);
	}
}

fn git_log(fixture: &Fixture, args: &[&str]) -> Vec<Vec<String>> {
	let format = "--format=%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%s%x00%x01";
	let mut all = vec!["log", "-z", format];
	all.extend(args);
	let output = fixture.git(&all);
	let text = String::from_utf8(output).expect("Git writes UTF-8");
	let commits = text.split('\u{1}').map(|line| line.trim_start_matches('\0'));
	commits
		.filter(|line| !line.is_empty())
		.map(|line| line.split('\0').map(str::to_owned).collect())
		.collect()
}

fn as_git_log(commit: &CommitLine) -> Vec<String> {
	vec![
		commit.id.clone(),
		commit.parents.join(" "),
		commit.author.name.clone(),
		commit.author.email.clone(),
		commit.author.time.to_string(),
		commit.committed.to_string(),
		commit.subject.clone(),
		String::new(),
	]
}

#[test]
fn a_log_is_gits_log_whatever_the_pages() {
	let fixture = Fixture::of(HISTORY);
	for (all, args) in [(false, &[][..]), (true, &["--branches", "--remotes", "--tags", "HEAD"])] {
		let expected = git_log(&fixture, args);
		for size in [1, 2, 3, 200] {
			let request = HistoryRequest { all, ..log_request() };
			let found = pages(fixture.context(), &request, || size);
			let found: Vec<_> = found.iter().map(as_git_log).collect();
			assert_eq!(found, expected, "all: {all}, pages of {size}");
		}
	}
	let first = &log(fixture.context(), &log_request()).expect("a log").commits[0];
	assert_eq!(first.author.offset, 90);
	assert_eq!(first.refs, ["refs/heads/main"]);
}

#[test]
fn a_log_starts_where_it_is_asked_to() {
	let fixture = Fixture::of(HISTORY);
	let from = |revision: &str| {
		log(fixture.context(), &HistoryRequest { from: vec![revision.into()], ..log_request() })
	};
	let ids =
		|args: &[&str]| git_log(&fixture, args).into_iter().map(|line| line[0].clone()).collect::<Vec<_>>();
	for revision in ["refs/tags/v1.0", "refs/heads/side", "HEAD", "refs/remotes/origin/main"] {
		let found: Vec<_> =
			from(revision).expect("a log").commits.into_iter().map(|commit| commit.id).collect();
		assert_eq!(found, ids(&[revision]), "{revision}");
	}
	for revision in ["main", "--all", "HEAD~1", "", "refs/heads/../../x", "v1.0^{/x}"] {
		let code = from(revision).expect_err("it is no revision").code;
		assert!(matches!(code, ErrorCode::Invalid | ErrorCode::NotFound), "{revision}: {code:?}");
	}
	assert_eq!(from(&"0".repeat(40)).expect_err("it is not there").code, ErrorCode::NotFound);
	for cursor in ["", "1", "1;2;3;;;x", "2;1;1;;;", "1;99999999999;1;;;"] {
		let request = HistoryRequest { cursor: Some(cursor.into()), ..log_request() };
		assert_eq!(
			log(fixture.context(), &request).expect_err("no cursor").code,
			ErrorCode::Invalid,
			"{cursor}"
		);
	}
}

/// A random history by `fast-import`; `times` says how commits are dated.
fn random_history(seed: u64, times: impl Fn(&mut Random, usize) -> i64) -> Fixture {
	let fixture = Fixture::of("init");
	let mut random = Random(seed);
	let mut input = String::new();
	let count = 120;
	for number in 1..=count {
		let time = times(&mut random, number);
		input += &format!(
			"commit refs/heads/b{}\nmark :{number}\ncommitter C <c@x> {time} +0000\ndata 1\nx\n",
			number
		);
		let mut parents = Vec::new();
		if number > 1 && random.below(20) > 0 {
			for _ in 0..1 + random.below(3) / 2 {
				let parent = number - 1 - random.below((number - 1).min(6));
				if !parents.contains(&parent) {
					parents.push(parent);
				}
			}
		}
		for (index, parent) in parents.iter().enumerate() {
			input += &format!("{} :{parent}\n", if index == 0 { "from" } else { "merge" });
		}
		input += "\n";
	}
	input += &format!("reset refs/heads/main\nfrom :{count}\n\n");
	let output = try_git(fixture.path(), &["fast-import", "--quiet", "--force"], input.as_bytes());
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	fixture
}

fn check_random(name: &str, times: impl Fn(&mut Random, usize) -> i64) {
	for seed in 0..6 {
		let fixture = random_history(seed, &times);
		let mut random = Random(seed + 1000);
		for all in [false, true] {
			let args: &[&str] = if all { &["rev-list", "--branches", "HEAD"] } else { &["rev-list", "HEAD"] };
			let expected = fixture.git_text(args);
			let request = HistoryRequest { all, ..log_request() };
			let found = pages(fixture.context(), &request, || 1 + u32::try_from(random.below(9)).unwrap());
			let found: Vec<_> = found.into_iter().map(|commit| commit.id).collect();
			assert_eq!(found.join("\n"), expected, "{name}, seed {seed}, all: {all}");
		}
	}
}

#[test]
fn pages_of_a_history_with_good_clocks() {
	check_random("good clocks", |_, number| 1_000_000 + number as i64 * 10);
}

#[test]
fn pages_of_a_history_in_one_second() {
	check_random("one second", |_, _| 1_000_000);
}

#[test]
fn pages_of_a_history_in_few_seconds() {
	check_random("few seconds", |_, number| 1_000_000 + (number / 10) as i64);
}

#[test]
fn pages_of_a_history_with_bad_clocks() {
	check_random("bad clocks", |random, number| 1_000_000 + number as i64 * 10 - random.below(300) as i64);
}

#[test]
fn pages_go_on_when_refs_move() {
	let fixture = Fixture::of(HISTORY);
	let expected = git_log(&fixture, &[]);
	let first = log(fixture.context(), &HistoryRequest { limit: Some(3), ..log_request() }).expect("a page");
	fixture.script("NOW=1800000000; commit later; git branch -D side");
	let rest = HistoryRequest { limit: Some(100), cursor: first.next, ..log_request() };
	let rest = log(fixture.context(), &rest).expect("a page");
	let found: Vec<_> = first.commits.iter().chain(&rest.commits).map(as_git_log).collect();
	assert_eq!(found, expected);
}

#[test]
fn ingest_tells_everything_once_and_can_be_ended() {
	let fixture = random_history(7, |_, number| number as i64);
	let mut ids = Vec::new();
	let request = IngestRequest { root: no_root(), from: Vec::new(), all: true };
	let answer = ingest(fixture.context(), &request, &mut |batch| {
		ids.extend(batch.commits.into_iter().map(|commit| commit.id));
		ControlFlow::Continue(())
	});
	assert_eq!(ids.join("\n"), fixture.git_text(&["rev-list", "--branches", "HEAD"]));
	assert_eq!(answer.expect("all of it"), Ingested { commits: ids.len() as u32, missing: 0 });
	let ended = ingest(fixture.context(), &request, &mut |_| ControlFlow::Break(()));
	assert_eq!(ended.expect_err("ended").code, ErrorCode::Cancelled);
	let cancelled = std::sync::atomic::AtomicBool::new(true);
	let context = Context { cancel: &cancelled, ..fixture.context() };
	let ended = ingest(context, &request, &mut |_| ControlFlow::Continue(()));
	assert_eq!(ended.expect_err("cancelled").code, ErrorCode::Cancelled);
}

#[test]
fn a_commit_has_its_message_and_files() {
	let fixture = Fixture::of(HISTORY);
	for id in fixture.git_text(&["rev-list", "--all"]).lines() {
		let request = CommitRequest { root: no_root(), commit: id.into(), parent: None };
		let found = commit(fixture.context(), &request).expect("a commit");
		let body = fixture.git(&["log", "-1", "--format=%B%x00%cn%x00%ct", id]);
		let body = String::from_utf8(body).expect("UTF-8");
		let expected: Vec<_> = body.trim_end().split('\0').collect();
		assert_eq!(found.message.trim_end(), expected[0].trim_end());
		assert_eq!(
			(found.committer.name.as_str(), found.committer.time.to_string().as_str()),
			(expected[1], expected[2])
		);
		assert!(!found.signed && !found.truncated);
		let args = ["show", "-M", "--format=", "-m", "--first-parent", "--raw", "--abbrev=64", "-z", id];
		assert_eq!(
			found.files.iter().map(raw_line).collect::<Vec<_>>(),
			raw_lines(&fixture.git(&args)),
			"{id}"
		);
	}
}

/// A change as `--raw` has it, without the names that Git tells apart by position.
fn raw_line(change: &FileChange) -> String {
	let zero = "0".repeat(40);
	let mode = |side: &Option<FileSide>| side.as_ref().map_or("000000".into(), |side| side.mode.clone());
	let id = |side: &Option<FileSide>| {
		side.as_ref().map_or(zero.clone(), |side| side.id.clone().unwrap_or(zero.clone()))
	};
	let letter = match change.kind {
		ChangeKind::Added => "A".into(),
		ChangeKind::Deleted => "D".into(),
		ChangeKind::Modified => "M".into(),
		ChangeKind::TypeChanged => "T".into(),
		ChangeKind::Renamed => format!("R{:03}", change.similarity.unwrap_or(0)),
	};
	let mut paths: Vec<&str> =
		[&change.old, &change.new].into_iter().flatten().map(|s| s.path.as_str()).collect();
	paths.dedup();
	format!(
		":{} {} {} {} {letter} {}",
		mode(&change.old),
		mode(&change.new),
		id(&change.old),
		id(&change.new),
		paths.join(" ")
	)
}

fn raw_lines(output: &[u8]) -> Vec<String> {
	let mut lines: Vec<String> = Vec::new();
	for field in fields(output) {
		match lines.last_mut() {
			Some(last) if !field.starts_with(':') => *last += &format!(" {field}"),
			_ => lines.push(field),
		}
	}
	lines
}

/// Hunks as Git prints them, with the file they belong to.
fn printed(diff: &Diff) -> Vec<(String, String)> {
	let file = |file: &FileDiff| {
		let mut text = String::new();
		for hunk in &file.hunks {
			let range = |start: u32, lines: u32| {
				if lines == 1 { start.to_string() } else { format!("{start},{lines}") }
			};
			let section = hunk.section.as_ref().map(|section| format!(" {section}")).unwrap_or_default();
			text += &format!(
				"@@ -{} +{} @@{section}\n",
				range(hunk.old_start, hunk.old_lines),
				range(hunk.new_start, hunk.new_lines)
			);
			for line in &hunk.lines {
				text += if line == "\\" { "\\ No newline at end of file" } else { line };
				text += "\n";
			}
		}
		if file.binary {
			text += "binary\n";
		}
		let change = &file.change;
		(change.new.as_ref().or(change.old.as_ref()).expect("a side").path.clone(), text)
	};
	// Git tells a file that became another kind twice, as gone and as new.
	let of_one_kind = |file: &&FileDiff| file.change.kind != ChangeKind::TypeChanged;
	diff.files.iter().filter(of_one_kind).map(file).collect()
}

/// What `git diff` prints, cut into files.
fn printed_by_git(output: &[u8]) -> Vec<(String, String)> {
	let mut files: Vec<(String, String)> = Vec::new();
	let text = stemma_paths::bytes_to_text(output);
	let mut twice = Vec::new();
	let mut in_hunks = false;
	for line in text.split_inclusive('\n') {
		if let Some(names) = line.strip_prefix("diff --git ") {
			in_hunks = false;
			let (_, new) = names.trim_end().rsplit_once(" b/").expect("a name");
			if files.iter().any(|(known, _)| known == new) {
				twice.push(new.to_owned());
			}
			files.push((new.to_owned(), String::new()));
		} else if line.starts_with("@@ ") {
			in_hunks = true;
		} else if line.starts_with("Binary files") {
			files.last_mut().expect("a file").1 += "binary\n";
		}
		if in_hunks {
			files.last_mut().expect("a file").1 += line;
		}
	}
	files.retain(|(path, _)| !twice.contains(path));
	files
}

fn diff_request(of: DiffOf) -> DiffRequest {
	DiffRequest { root: no_root(), of, paths: Vec::new(), context: None, no_renames: false }
}

const PLAIN: [&str; 4] = ["-c", "core.quotePath=false", "--no-pager", "-c"];

#[test]
fn the_diff_of_every_commit_is_gits() {
	let fixture = Fixture::of(HISTORY);
	for id in fixture.git_text(&["rev-list", "--all"]).lines() {
		let of = DiffOf::Commit { commit: id.into(), parent: None };
		let found = diff(fixture.context(), &diff_request(of)).expect("a diff");
		let mut args = PLAIN.to_vec();
		args.extend(["diff.renames=true", "show", "-m", "--first-parent", "--format=", id]);
		assert_eq!(printed(&found), printed_by_git(&fixture.git(&args)), "{id}");
		assert!(!found.truncated);
	}
}

#[test]
fn two_commits_compare_like_git_with_paths_context_and_without_renames() {
	let fixture = Fixture::of(HISTORY);
	let (old, new) = (fixture.git_text(&["rev-parse", "side"]), fixture.git_text(&["rev-parse", "main"]));
	let of = DiffOf::Commits { old: old.clone(), new: new.clone() };
	for (context, no_renames, paths) in [
		(3, false, vec![]),
		(0, true, vec![]),
		(1, false, vec!["src"]),
		(10, false, vec!["lib/main.rs", "a"]),
	] {
		let request = DiffRequest {
			context: Some(context),
			no_renames,
			paths: paths.iter().map(|path| (*path).to_owned()).collect(),
			..diff_request(of.clone())
		};
		let found = diff(fixture.context(), &request).expect("a diff");
		let lines = format!("-U{context}");
		let mut args = PLAIN.to_vec();
		args.extend(["diff.renames=true", "diff", &lines]);
		args.extend(no_renames.then_some("--no-renames"));
		args.extend([old.as_str(), new.as_str(), "--"]);
		args.extend(&paths);
		assert_eq!(printed(&found), printed_by_git(&fixture.git(&args)), "{paths:?}");
	}
}

/// Random edits of a file: the lines Git chooses are the lines told here.
#[test]
fn random_edits_are_told_as_git_tells_them() {
	let fixture = Fixture::of("init");
	let mut random = Random(3);
	let words = ["fn a() {", "}", "", "\treturn x;", "if (y) {", "x = 1", "a", "b"];
	let mut lines: Vec<&str> = (0..120).map(|_| words[random.below(words.len())]).collect();
	for _ in 0..40 {
		for _ in 0..1 + random.below(6) {
			let place = random.below(lines.len());
			match random.below(3) {
				0 => drop(lines.remove(place)),
				1 => lines.insert(place, words[random.below(words.len())]),
				_ => lines[place] = words[random.below(words.len())],
			}
		}
		std::fs::write(fixture.path().join("file"), lines.join("\n")).unwrap();
		fixture.script("commit edit");
	}
	let mut same = 0;
	let ids = fixture.git_text(&["rev-list", "HEAD"]);
	for id in ids.lines() {
		let of = DiffOf::Commit { commit: id.into(), parent: None };
		let found = diff(fixture.context(), &diff_request(of)).expect("a diff");
		same += usize::from(printed(&found) == printed_by_git(&fixture.git(&["show", "--format=", id])));
	}
	// Where several shortest edits exist, two implementations may choose differently.
	assert!(same * 10 >= ids.lines().count() * 9, "{same} of {} are alike", ids.lines().count());
}

#[test]
fn renames_are_found_as_git_finds_them() {
	let fixture = Fixture::of(
		r#"
init
for i in $(seq 1 12); do seq $((i * 1000)) $((i * 1000 + 60)) > "file$i"; done
mkdir sub; seq 50000 50100 > sub/unique.txt; : > empty; seq 7 9 > same1; seq 7 9 > same2
commit base
for i in $(seq 1 12); do git mv "file$i" "moved$i"; sed -i "1,$((i * 4))d" "moved$i"; done
mkdir other; git mv sub/unique.txt other/unique.txt; sed -i '1,20d' other/unique.txt
git mv empty empty2; mkdir s; git mv same2 s/same2; git mv same1 s/same1
commit moved
"#,
	);
	let request = CommitRequest { root: no_root(), commit: "HEAD".into(), parent: None };
	let found = commit(fixture.context(), &request).expect("a commit");
	let args = ["diff-tree", "-r", "-M", "--no-commit-id", "--raw", "--abbrev=64", "-z", "HEAD"];
	assert_eq!(found.files.iter().map(raw_line).collect::<Vec<_>>(), raw_lines(&fixture.git(&args)));
}

#[test]
fn folders_and_files_at_a_commit() {
	let fixture = Fixture::of(HISTORY);
	for path in ["", "src", "a"] {
		let request = TreeRequest { root: no_root(), commit: "HEAD".into(), path: path.into() };
		let found = tree(fixture.context(), &request).expect("a folder");
		let spec = format!("HEAD:{path}");
		let listed = fields(&fixture.git(&["ls-tree", "-z", "--long", &spec]));
		let shown: Vec<_> = found
			.entries
			.iter()
			.map(|entry| {
				let (mode, kind) = match entry.kind {
					TreeEntryKind::File => ("100644", "blob"),
					TreeEntryKind::Executable => ("100755", "blob"),
					TreeEntryKind::Link => ("120000", "blob"),
					TreeEntryKind::Folder => ("040000", "tree"),
					TreeEntryKind::Submodule => ("160000", "commit"),
				};
				let size = entry.size.map_or("-".to_owned(), |size| size.to_string());
				format!("{mode} {kind} {} {size:>7}\t{}", entry.id, entry.name)
			})
			.collect();
		assert_eq!(shown, listed, "{path}");
	}
	let request = |path: &str| FileAtRequest {
		root: no_root(),
		commit: "HEAD".into(),
		path: path.into(),
		max_bytes: None,
	};
	for name in fields(&fixture.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"])) {
		let bytes = file(fixture.context(), &request(&name)).expect("a file");
		assert_eq!(bytes, blob_at(&fixture, &name), "{name}");
		let told = file_info(fixture.context(), &request(&name)).expect("told");
		assert_eq!((told.size, told.binary), (bytes.len() as u64, bytes.contains(&0)), "{name}");
	}
	for path in ["none", "src", "src/none", "link/x", "../x", ""] {
		assert_eq!(
			file(fixture.context(), &request(path)).expect_err(path).code,
			ErrorCode::NotFound,
			"{path}"
		);
	}
	let capped = FileAtRequest { max_bytes: Some(3), ..request("src/numbers") };
	assert_eq!(file(fixture.context(), &capped).expect_err("capped").code, ErrorCode::TooLarge);
}

/// The blob of `HEAD` at a path that need not be UTF-8.
fn blob_at(fixture: &Fixture, path: &str) -> Vec<u8> {
	let spec = [b"HEAD:".as_slice(), &stemma_paths::text_to_bytes(path)].concat();
	let spec: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(spec);
	let mut git = std::process::Command::new("git");
	git.current_dir(fixture.path()).args(["cat-file", "blob"]).arg(spec).output().expect("git").stdout
}

#[test]
fn refs_are_told_with_what_they_follow() {
	let fixture = Fixture::of(HISTORY);
	for packed in [false, true] {
		if packed {
			fixture.git(&["pack-refs", "--all"]);
		}
		let found = refs(fixture.context(), &whole()).expect("refs");
		let listed = fixture
			.git_text(&["for-each-ref", "--format=%(refname) %(objectname) %(*objectname) %(upstream)"]);
		let shown: Vec<String> = found
			.refs
			.iter()
			.map(|r| {
				let upstream = r.upstream.clone().unwrap_or_default();
				match &r.tag {
					Some(tag) => format!("{} {tag} {} {upstream}", r.name, r.commit),
					None => format!("{} {}  {upstream}", r.name, r.commit),
				}
			})
			.collect();
		assert_eq!(shown.join("\n").trim_end(), listed, "packed: {packed}");
		assert_eq!(found.head.branch.as_deref(), Some("main"));
	}
	fixture.git(&["checkout", "-q", "--detach", "side"]);
	let head = refs(fixture.context(), &whole()).expect("refs").head;
	assert_eq!(head, GitHead { branch: None, commit: Some(fixture.git_text(&["rev-parse", "side"])) });
}

#[test]
fn stashes_are_told_newest_first() {
	let fixture = Fixture::of(&format!(
		"{HISTORY}\necho 1 >> cut.txt; git stash -q; echo 2 >> cut.txt; git stash -q -m named"
	));
	let found = stashes(fixture.context(), &whole()).expect("stashes").stashes;
	let shown: Vec<_> =
		found.iter().map(|s| format!("stash@{{{}}} {} {}", s.index, s.commit, s.message)).collect();
	assert_eq!(shown.join("\n"), fixture.git_text(&["stash", "list", "--format=%gd %H %gs"]));
	assert_eq!(info(fixture.context(), &whole()).expect("info").stashes, 2);
	// Stashes are no history of branches.
	let all = HistoryRequest { all: true, limit: Some(1000), ..log_request() };
	let ids: Vec<_> =
		log(fixture.context(), &all).expect("a log").commits.into_iter().map(|c| c.id).collect();
	assert!(!ids.contains(&found[0].commit));
}

#[test]
fn a_repository_without_a_commit() {
	let fixture = Fixture::of("init");
	let told = info(fixture.context(), &whole()).expect("info");
	assert_eq!(told.head, GitHead { branch: Some("main".into()), commit: None });
	assert_eq!((told.bare, told.shallow, told.stashes), (false, false, 0));
	assert_eq!(
		log(fixture.context(), &log_request()).expect("a log"),
		HistoryPage { commits: vec![], next: None }
	);
	assert!(refs(fixture.context(), &whole()).expect("refs").refs.is_empty());
	let request = CommitRequest { root: no_root(), commit: "HEAD".into(), parent: None };
	assert_eq!(commit(fixture.context(), &request).expect_err("none").code, ErrorCode::NotFound);
}

#[test]
fn no_repository_is_said_so() {
	let fixture = Fixture::of("mkdir sub; git init -q sub");
	assert_eq!(info(fixture.context(), &whole()).expect_err("none").code, ErrorCode::NotFound);
}

#[test]
fn bare_sha256_shallow_and_worktree_repositories() {
	let fixture = Fixture::beside(
		r#"
init --object-format=sha256 origin; cd origin
echo a > f; commit one; echo b > f; commit two; echo c > f; commit three
cd ..; git clone -q --bare origin work
"#,
	);
	let told = info(fixture.context(), &whole()).expect("info");
	assert_eq!((told.bare, told.object_format), (true, ObjectFormat::Sha256));
	let found = log(fixture.context(), &log_request()).expect("a log").commits;
	assert_eq!(found.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["three", "two", "one"]);
	assert_eq!(found[0].id.len(), 64);
	let of = DiffOf::Commit { commit: found[0].id.clone(), parent: None };
	let shown = printed(&diff(fixture.context(), &diff_request(of)).expect("a diff"));
	assert_eq!(shown, [("f".to_owned(), "@@ -1 +1 @@\n-b\n+c\n".to_owned())]);

	let shallow = Fixture::beside(
		"init origin; cd origin; for i in 1 2 3 4; do commit $i; done; cd ..; git clone -q --depth 2 file://$PWD/origin work",
	);
	assert!(info(shallow.context(), &whole()).expect("info").shallow);
	let found = log(shallow.context(), &log_request()).expect("a log").commits;
	assert_eq!(found.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["4", "3"]);
	assert_eq!(found[1].parents.len(), 1, "the header is told as it is");
	let request = IngestRequest { root: no_root(), from: vec![], all: false };
	let told = ingest(shallow.context(), &request, &mut |_| ControlFlow::Continue(())).expect("all");
	assert_eq!(told, Ingested { commits: 2, missing: 1 });
	let request = CommitRequest { root: no_root(), commit: found[1].id.clone(), parent: None };
	commit(shallow.context(), &request).expect("its parent is not here, it is");

	let worktree = Fixture::beside("init main; cd main; commit one; git worktree add -q -b side ../work");
	let told = info(worktree.context(), &whole()).expect("info");
	assert!(
		told.redirects.iter().any(|redirect| redirect.kind == GitRedirectKind::GitDir && redirect.outside)
	);
	assert_eq!(log(worktree.context(), &log_request()).expect_err("outside").code, ErrorCode::OutsideRoot);
	let told = info(worktree.anywhere(), &whole()).expect("info");
	assert_eq!(told.head.branch.as_deref(), Some("side"));
	assert_eq!(told.worktrees.len(), 1);
	assert_eq!(log(worktree.anywhere(), &log_request()).expect("agreed").commits.len(), 1);
}

#[test]
fn submodules_lfs_partial_clones_and_operations_are_told() {
	let fixture = Fixture::beside(
		r#"
init lib; (cd lib; echo l > l; commit lib)
init work; cd work
git -c protocol.file.allow=always submodule add -q ../lib libs/l
echo '*.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12345\n' 0 > big.bin
commit all
git checkout -q -b side; echo 1 > f; commit side
git checkout -q main; echo 2 > f; commit main
git merge side >/dev/null 2>&1 || true
git config remote.origin.promisor true
"#,
	);
	let told = info(fixture.context(), &whole()).expect("info");
	assert_eq!(told.submodules, [Submodule { path: "libs/l".into(), url: Some("../lib".into()) }]);
	assert!(told.lfs && told.partial);
	assert_eq!(told.operation, Some(GitOperation::Merge));
	let request =
		FileAtRequest { root: no_root(), commit: "HEAD".into(), path: "big.bin".into(), max_bytes: None };
	let told = file_info(fixture.context(), &request).expect("told");
	assert_eq!(told.lfs, Some(LfsPointer { oid: "0".repeat(64), size: 12345 }));
	let root = TreeRequest { root: no_root(), commit: "HEAD".into(), path: "libs".into() };
	let entries = tree(fixture.context(), &root).expect("a folder").entries;
	assert_eq!(entries[0].kind, TreeEntryKind::Submodule);
	let of =
		DiffOf::Commit { commit: fixture.git_text(&["rev-list", "--max-parents=0", "HEAD"]), parent: None };
	let shown = printed(&diff(fixture.context(), &diff_request(of)).expect("a diff"));
	let (_, text) = shown.iter().find(|(path, _)| path == "libs/l").expect("it is told");
	assert!(text.contains("+Subproject commit "));
}

#[test]
fn a_reftable_repository_is_read_with_gits_help() {
	if git_version() < (2, 45) {
		eprintln!("left out: this Git knows no reftable");
		return;
	}
	let fixture = Fixture::of(
		"git init -q -b main --ref-format=reftable; commit one; commit two; tick; git tag -a -m t v1; git branch side HEAD~1",
	);
	let told = info(fixture.context(), &whole()).expect("info");
	assert_eq!(told.ref_format, RefFormat::Reftable);
	assert_eq!(told.head.branch.as_deref(), Some("main"));
	assert_eq!(told.head.commit, Some(fixture.git_text(&["rev-parse", "HEAD"])));
	let found =
		log(fixture.context(), &HistoryRequest { all: true, ..log_request() }).expect("a log").commits;
	assert_eq!(found[0].refs, ["refs/heads/main", "refs/tags/v1"]);
	assert_eq!(found.len(), 2);
	let side = HistoryRequest { from: vec!["refs/heads/side".into()], ..log_request() };
	assert_eq!(log(fixture.context(), &side).expect("a log").commits.len(), 1);
	let request = refs(fixture.context(), &whole()).expect("refs");
	assert_eq!(request.refs.len(), 3);
}

#[test]
fn a_large_diff_is_cut_off_and_says_so() {
	let fixture = Fixture::of(
		"init; commit base; seq 1 400000 > big; seq 1 10 > small; head -c 5000000 /dev/zero | tr '\\0' x > huge; commit large",
	);
	let of = DiffOf::Commit { commit: "HEAD".into(), parent: None };
	let found = diff(fixture.context(), &diff_request(of)).expect("a diff");
	assert!(found.truncated);
	assert_eq!(found.files.len(), 3, "every file is told");
	assert!(found.files.iter().all(|file| file.truncated));
	assert_eq!(git(fixture.path(), &["diff", "--stat", "HEAD~1", "HEAD", "--name-only"]).len(), 15);
	let small = DiffRequest {
		paths: vec!["small".into()],
		..diff_request(DiffOf::Commit { commit: "HEAD".into(), parent: None })
	};
	assert!(!diff(fixture.context(), &small).expect("a diff").truncated);
	assert!(!GO_ON.load(std::sync::atomic::Ordering::Relaxed));
}
