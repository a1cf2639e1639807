//! Repositories made to run programs, to lead elsewhere, to hang and to fill the memory.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use stemma_git::{
	Context, Git, GitError, GitRequest, apply, blame, commit, diff, file, file_info, info, ingest, log, refs,
	stashes, status, tree,
};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::git::*;
use support::{Fixture, GO_ON, git, git_version, no_root, try_git};

fn whole() -> RepositoryRequest {
	RepositoryRequest { root: no_root() }
}

fn history() -> HistoryRequest {
	HistoryRequest { root: no_root(), from: Vec::new(), all: true, limit: None, cursor: None }
}

fn diff_request(of: DiffOf) -> DiffRequest {
	DiffRequest { root: no_root(), of, paths: Vec::new(), context: None, no_renames: false }
}

fn file_request(path: &str) -> FileAtRequest {
	FileAtRequest { root: no_root(), commit: "HEAD".into(), path: path.into(), max_bytes: None }
}

/// Every function that reads, with what it found or why it did not.
fn everything(context: Context<'_>) -> Vec<(&'static str, Result<(), HostError>)> {
	let head = || "HEAD".to_owned();
	let compare = |of| diff(context, &diff_request(of)).map(|_| ());
	let untracked = |untracked| {
		status(context, &StatusRequest { root: no_root(), untracked: Some(untracked) }).map(|_| ())
	};
	let ingested =
		ingest(context, &IngestRequest { root: no_root(), from: Vec::new(), all: true }, &mut |_| {
			ControlFlow::Continue(())
		});
	let whole_commit = CommitRequest { root: no_root(), commit: head(), parent: None };
	let top = TreeRequest { root: no_root(), commit: head(), path: String::new() };
	let lines = BlameRequest { root: no_root(), commit: head(), path: "f".into(), first: None, last: None };
	vec![
		("refs", refs(context, &whole()).map(|_| ())),
		("stashes", stashes(context, &whole()).map(|_| ())),
		("log", log(context, &history()).map(|_| ())),
		("ingest", ingested.map(|_| ())),
		("commit", commit(context, &whole_commit).map(|_| ())),
		("diff of a commit", compare(DiffOf::Commit { commit: head(), parent: None })),
		("diff of commits", compare(DiffOf::Commits { old: head(), new: head() })),
		("diff of the working tree", compare(DiffOf::Worktree)),
		("diff of the index", compare(DiffOf::Staged)),
		("diff with the index", compare(DiffOf::Unstaged)),
		("tree", tree(context, &top).map(|_| ())),
		("file_info", file_info(context, &file_request("f")).map(|_| ())),
		("file", file(context, &file_request("f")).map(|_| ())),
		("blame", blame(context, &lines).map(|_| ())),
		("status of files", untracked(Untracked::Files)),
		("status of folders", untracked(Untracked::Folders)),
	]
}

/// Everything a repository can name that some command of Git runs, each leaving a mark of its own.
const TRAPS: &str = r#"
mkdir marks work; trap_dir=$PWD/marks; cd work
mark() { printf '%s' "touch $trap_dir/$1; cat"; }
init
echo '*.x filter=evil diff=evil merge=evil' > .gitattributes
printf 'one\ntwo\n' > f; echo old > a.x; echo other > b.x
git init -q -b main sub; (cd sub; echo '* filter=sub' > .gitattributes; echo s > s; git add -A; git commit -q -m s)
git add -A 2>/dev/null; commit base
git checkout -q -b side; echo side > a.x; commit side
git checkout -q main; echo main > a.x; commit main
git tag -s -m x v1 2>/dev/null || git tag -a -m x v1
echo changed >> f; echo changed >> a.x; echo changed >> sub/s; echo new > new.x
git stash -q; git stash apply -q
mkdir bare; git init -q --bare bare/inner.git; git -C bare/inner.git config core.fsmonitor "touch $trap_dir/bare"
for hook in post-index-change reference-transaction pre-push post-checkout fsmonitor-watchman pre-auto-gc; do
	printf '#!/bin/sh\ntouch %s\n' "$trap_dir/hook" > .git/hooks/$hook; chmod +x .git/hooks/$hook
done
git -C sub config filter.sub.clean "$(mark sub-clean)"
git -C sub config filter.sub.process "touch $trap_dir/sub-process"
git -C sub config core.fsmonitor "touch $trap_dir/sub-fsmonitor"
printf '[core]\n\tfsmonitor = touch %s\n' "$trap_dir/include" > ../included
git config include.path ../../included
git config filter.evil.clean "$(mark clean)"
git config filter.evil.smudge "$(mark smudge)"
git config filter.evil.process "touch $trap_dir/process; exit 1"
git config filter.evil.required true
git config 'filter.a=b.clean' "$(mark equals)"
echo '*.eq filter=a=b' >> .gitattributes; echo x > y.eq
git config diff.evil.command "touch $trap_dir/diff-command"
git config diff.evil.textconv "touch $trap_dir/textconv; cat"
git config diff.external "touch $trap_dir/diff-external"
git config merge.evil.driver "touch $trap_dir/merge-driver"
git config core.sshCommand "touch $trap_dir/ssh"
git config core.askPass "touch $trap_dir/askpass"
git config core.gitProxy "touch $trap_dir/proxy"
git config core.pager "touch $trap_dir/pager"
git config core.editor "touch $trap_dir/editor"
git config core.alternateRefsCommand "touch $trap_dir/alternate-refs"
git config credential.helper "!touch $trap_dir/credential"
git config gpg.program "$trap_dir/gpg"
git config log.showSignature true
git config uploadpack.packObjectsHook "touch $trap_dir/pack-objects"
git config remote.origin.url "ext::touch $trap_dir/ext"
git config remote.origin.promisor true
git config extensions.partialClone origin
git config core.fsmonitor "touch $trap_dir/fsmonitor"
rm -f ../marks/*
"#;

fn marks(fixture: &Fixture) -> BTreeSet<String> {
	let entries = fs::read_dir(fixture.folder.path().join("marks")).unwrap();
	entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn clear_marks(fixture: &Fixture) {
	for mark in marks(fixture) {
		fs::remove_file(fixture.folder.path().join("marks").join(mark)).unwrap();
	}
}

#[test]
fn nothing_a_repository_names_is_run() {
	// The traps work: Git itself springs them.
	let victim = Fixture::beside(TRAPS);
	let calm = ["-c", "filter.evil.process=", "-c", "filter.evil.required=false"];
	let quiet = ["-c", "diff.external="];
	for args in [
		&["status"][..],
		&[&calm[..], &["status"]].concat(),
		&[&calm[..], &["diff"]].concat(),
		&[&calm[..], &quiet, &["diff", "HEAD~1", "HEAD"]].concat(),
		&[&calm[..], &quiet, &["-c", "diff.evil.command=", "log", "-p"]].concat(),
		&[&calm[..], &["merge-tree", "--write-tree", "main", "side"]].concat(),
		&[&calm[..], &["checkout", "--", "b.x"]].concat(),
		&["verify-tag", "v1"],
		&["fetch", "origin"],
	] {
		try_git(victim.path(), args, b"");
	}
	let sprung = marks(&victim);
	assert!(sprung.len() >= 8, "only {sprung:?} were sprung by Git");

	let fixture = Fixture::beside(TRAPS);
	let told = info(fixture.context(), &whole()).expect("info");
	assert!(told.partial);
	for (name, result) in everything(fixture.context()) {
		result.unwrap_or_else(|error| panic!("{name}: {error}"));
		assert_eq!(marks(&fixture), BTreeSet::new(), "{name} ran something");
	}
	let lazily = file(fixture.context(), &FileAtRequest { commit: "0".repeat(40), ..file_request("f") });
	assert_eq!(lazily.expect_err("it is not there").code, ErrorCode::NotFound);
	let edit = FileEdit::Write {
		path: "a.x".into(),
		text: "new\n".into(),
		expected: Some("main\nchanged\n".into()),
	};
	apply(fixture.context(), &ApplyRequest { root: no_root(), edit, check: false }).expect("applied");
	assert_eq!(marks(&fixture), BTreeSet::new());
}

/// A missing object of a partial clone is said to be missing, not fetched.
#[test]
fn a_partial_clone_fetches_nothing() {
	let fixture = Fixture::beside(TRAPS);
	let id = fixture.git_text(&["rev-parse", "HEAD:f"]);
	fs::remove_file(fixture.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
	clear_marks(&fixture);
	let error = file(fixture.context(), &file_request("f")).expect_err("it is not here");
	assert_eq!(error.code, ErrorCode::Unsupported);
	assert!(error.message.contains("partial clone"));
	assert_eq!(marks(&fixture), BTreeSet::new());
}

#[test]
fn the_runner_runs_git_and_nothing_else() {
	let fixture = Fixture::beside(TRAPS);
	let found = Git::locate().expect("Git is installed");
	let git_dir = fixture.path().join(".git");
	let run = |args: &[&str]| {
		let arguments: Vec<_> = args.iter().map(std::ffi::OsStr::new).collect();
		let request = GitRequest {
			git_dir: &git_dir,
			args: &arguments,
			timeout: Duration::from_secs(60),
			max_output: 16 << 20,
			cancel: &GO_ON,
		};
		let output = found.run(&request);
		assert_eq!(marks(&fixture), BTreeSet::new(), "{args:?} ran something");
		output
	};
	let asked: [&[&str]; 4] =
		[&["for-each-ref"], &["rev-list", "--all"], &["rev-parse", "HEAD"], &["symbolic-ref", "HEAD"]];
	for args in asked {
		assert_eq!(run(args).expect("it ends").stdout, git(fixture.path(), args));
		clear_marks(&fixture);
	}
	let refused: [&[&str]; 8] = [
		&["status", "--porcelain"],
		&["diff"],
		&["describe", "--dirty"],
		&["log", "-p"],
		&["cat-file", "--textconv", "HEAD:a.x"],
		&["archive", "HEAD"],
		&["fetch", "origin"],
		&[],
	];
	for args in refused {
		assert!(matches!(run(args), Err(GitError::Unsupported(_))), "{args:?}");
	}
}

/// With programs of these names first on `PATH`: a process of its own, as `PATH` belongs to all threads.
#[test]
fn no_program_is_looked_for() {
	let fixture = Fixture::beside(TRAPS);
	let programs = fixture.folder.path().join("programs");
	fs::create_dir(&programs).unwrap();
	let mark = fixture.folder.path().join("marks/program");
	for name in ["git", "sh", "ssh", "gpg", "cat", "git-lfs", "touch"] {
		use std::os::unix::fs::PermissionsExt;
		fs::write(programs.join(name), format!("#!/bin/bash\n: > {}\n", mark.display())).unwrap();
		fs::set_permissions(programs.join(name), PermissionsExt::from_mode(0o755)).unwrap();
	}
	let output = Command::new(std::env::current_exe().unwrap())
		.args(["--exact", "child_that_reads_everything"])
		.env("PATH", &programs)
		.env("STEMMA_FIXTURE", fixture.path())
		.output()
		.unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
	assert_eq!(marks(&fixture), BTreeSet::new());
}

/// What `no_program_is_looked_for` starts; by itself it has nothing to do.
#[test]
fn child_that_reads_everything() {
	let Some(path) = std::env::var_os("STEMMA_FIXTURE") else { return };
	let root = stemma_paths::Root::link("root", Path::new(&path)).expect("linked");
	let context = Context { root: &root, reach: stemma_git::Reach::Inside, cancel: &GO_ON };
	for (name, result) in everything(context) {
		result.unwrap_or_else(|error| panic!("{name}: {error}"));
	}
}

/// Ways out of the folder, each in `work` beside a repository with a secret.
const WAYS_OUT: &[(&str, &str)] = &[
	(
		"an alternate",
		"mkdir -p .git/objects/info; echo ../../../secret/.git/objects > .git/objects/info/alternates",
	),
	("a quoted alternate", "echo '\"../../../secret/.git/objects\"' > .git/objects/info/alternates"),
	("a .git file", "rm -rf .git; echo 'gitdir: ../secret/.git' > .git"),
	("a linked .git", "rm -rf .git; ln -s ../secret/.git .git"),
	("a common dir", "echo ../../secret/.git > .git/commondir"),
	("linked refs", "rm -rf .git/refs; ln -s ../../secret/.git/refs .git/refs"),
	("linked objects", "rm -rf .git/objects; ln -s ../../secret/.git/objects .git/objects"),
	(
		"a linked folder of objects",
		"rm -rf .git/objects/pack; ln -s ../../../secret/.git/objects/pack .git/objects/pack",
	),
	("a linked HEAD", "ln -sf ../../secret/.git/HEAD .git/HEAD"),
	("a linked ref", "ln -s ../../../../secret/.git/refs/heads/main .git/refs/heads/other"),
	("a linked exclude file", "ln -sf ../../../secret/f .git/info/exclude"),
	("linked attributes", "ln -sf ../../../secret/f .git/info/attributes"),
	("a linked index", "rm .git/index; ln -s ../../secret/.git/index .git/index"),
];

#[test]
fn what_leads_outside_is_read_only_after_a_yes() {
	for (name, script) in WAYS_OUT {
		let fixture = Fixture::beside(&format!(
			"init secret; (cd secret; echo secret > f; commit secret); init work; cd work; echo own > f; commit own; {script}"
		));
		let told = info(fixture.context(), &whole()).unwrap_or_else(|error| panic!("{name}: {error}"));
		assert!(told.redirects.iter().any(|redirect| redirect.outside), "{name} is not noticed");
		assert_eq!(told.head, GitHead { branch: None, commit: None }, "{name}: nothing is read");
		for (function, result) in everything(fixture.context()) {
			let error = result.expect_err(function);
			assert_eq!(error.code, ErrorCode::OutsideRoot, "{name}, {function}: {error}");
		}
		info(fixture.anywhere(), &whole()).unwrap_or_else(|error| panic!("{name}, agreed: {error}"));
	}
	// What nothing reads may be where it wants, and as large.
	let harmless = Fixture::beside(
		"mkdir hooks; init work; cd work; echo x > f; commit x; rm -r .git/hooks; ln -s ../../hooks .git/hooks; mkdir -p .git/annex/objects; truncate -s 1T .git/annex/objects/a; mkfifo .git/annex/p .git/other",
	);
	assert_eq!(info(harmless.context(), &whole()).expect("info").redirects, []);
	log(harmless.context(), &history()).expect("a log");
	// A repository that borrows from one inside its own folder reaches out of nothing.
	let inside = Fixture::of(
		"init lib; (cd lib; echo x > f; commit x); git clone -q --shared lib copy; mv copy/.git .git; mv copy/f f; rmdir copy",
	);
	let told = info(inside.context(), &whole()).expect("info");
	assert_eq!(told.redirects.len(), 1);
	assert!(!told.redirects[0].outside);
	assert_eq!(log(inside.context(), &history()).expect("a log").commits.len(), 1);
}

#[test]
fn redirects_by_configuration_and_replacements_are_not_followed() {
	let fixture = Fixture::beside(
		r#"
init secret; (cd secret; echo secret > f; commit secret)
init work; cd work; echo own > f; commit own
git config core.worktree ../../secret
git config include.path ../../secret/.git/config
git config core.excludesFile /dev/zero
git config core.attributesFile /dev/zero
"#,
	);
	let request = StatusRequest { root: no_root(), untracked: None };
	assert_eq!(status(fixture.context(), &request).expect("a status").entries, []);
	fixture.script(
		r#"
git config --unset core.worktree
blob=$(echo replaced | git hash-object -w --stdin)
git update-ref refs/replace/$(git rev-parse HEAD:f) $blob
"#,
	);
	assert_eq!(file(fixture.context(), &file_request("f")).expect("a file"), b"own\n");
}

#[test]
fn files_of_the_working_tree_that_lead_out_are_links_and_no_more() {
	let fixture = Fixture::beside(
		r#"
mkdir out; echo secret > out/secret; echo '*' > out/ignore; echo '* filter=lfs' > out/attributes
init work; cd work; mkdir d; echo 1 > f; echo 2 > d/g; echo 3 > h; commit x
rm f; ln -s ../out/secret f; rm -r d; ln -s ../out d
ln -s ../out/ignore .gitignore; ln -s ../out/attributes .gitattributes
echo new > new; echo 4 > h
"#,
	);
	let found = diff(fixture.context(), &diff_request(DiffOf::Worktree)).expect("a diff");
	let text = format!("{found:?}");
	assert!(text.contains("+../out/secret"), "the link's target is told");
	assert!(!text.contains("+secret"), "what it leads to is not");
	assert!(text.contains("+4") && !text.contains("lfs"), "attributes from outside are not obeyed");
	let request = StatusRequest { root: no_root(), untracked: Some(Untracked::Files) };
	let found = status(fixture.context(), &request).expect("a status");
	let paths: Vec<_> = found.entries.iter().map(|entry| entry.path.as_str()).collect();
	assert_eq!(paths, [".gitattributes", ".gitignore", "d", "d/g", "f", "h", "new"]);
}

/// What hangs a reader that opens it, or never ends.
#[test]
fn pipes_devices_and_endless_files_are_refused_at_once() {
	let places = [
		".git/HEAD",
		".git/config",
		".git/index",
		".git/packed-refs",
		".git/commondir",
		".git/shallow",
		".git/refs/heads/x",
		".git/refs/tags/deep/y",
		".git/logs/refs/stash",
		".git/info/exclude",
		".git/info/attributes",
		".git/objects/info/alternates",
		".git/objects/pack/x.idx",
		".git/objects/ab/0123456789012345678901234567890123456789",
		".git/worktrees/w/HEAD",
	];
	for place in places {
		for make in ["mkfifo X", "ln -s /dev/zero X", "mkfifo ../p; ln -s $PWD/../p X"] {
			let script = make.replace('X', place);
			let fixture = Fixture::beside(&format!(
				"init work; cd work; echo x > f; commit x; mkdir -p $(dirname {place}); rm -rf {place}; {script}"
			));
			check_refused(&fixture, &format!("{script} for {place}"));
		}
	}
	for place in [
		".git/HEAD",
		".git/config",
		".git/index",
		".git/packed-refs",
		".git/info/exclude",
		".git/refs/heads/x",
	] {
		let fixture =
			Fixture::beside(&format!("init work; cd work; echo x > f; commit x; truncate -s 1T {place}"));
		check_refused(&fixture, &format!("a terabyte in {place}"));
	}
}

/// Whether the user agreed or not, nothing is read and nothing hangs.
fn check_refused(fixture: &Fixture, what: &str) {
	for context in [fixture.context(), fixture.anywhere()] {
		within(what, || {
			let told = info(context, &whole());
			assert!(
				told.is_err() || told.is_ok_and(|told| told.redirects.iter().any(|r| r.outside)),
				"{what}"
			);
			for (function, result) in everything(context) {
				let code = result.expect_err(function).code;
				let expected = [ErrorCode::Unsupported, ErrorCode::TooLarge, ErrorCode::OutsideRoot];
				assert!(expected.contains(&code), "{what}, {function}: {code:?}");
			}
		});
	}
}

/// A function that hangs fails its test instead of hanging it.
fn within(what: &str, work: impl FnOnce() + Send) {
	std::thread::scope(|scope| {
		let worker = scope.spawn(work);
		let start = std::time::Instant::now();
		while !worker.is_finished() {
			if start.elapsed() > Duration::from_secs(240) {
				eprintln!("{what} hangs");
				std::process::abort();
			}
			std::thread::sleep(Duration::from_millis(2));
		}
		if let Err(panic) = worker.join() {
			std::panic::resume_unwind(panic);
		}
	});
}

#[test]
fn pipes_in_the_working_tree_hang_nothing() {
	for place in
		[".gitattributes", ".gitignore", "d/.gitattributes", "d/.gitignore", "new/.gitignore", ".gitmodules"]
	{
		let fixture = Fixture::of(&format!(
			"init; mkdir d; echo x > f; echo y > d/g; commit x; mkdir new; echo n > new/n; echo changed > d/g; echo X > f; mkfifo {place}"
		));
		within(place, || {
			for (function, result) in everything(fixture.context()) {
				if let Err(error) = result {
					assert_eq!(error.code, ErrorCode::Unsupported, "{place}, {function}: {error}");
				}
			}
			let told = info(fixture.context(), &whole());
			assert!(told.is_ok() || place == ".gitattributes" || place == ".gitmodules");
		});
	}
	let fixture = Fixture::of("init; echo x > f; echo y > g; commit x; rm f; mkfifo f; mkfifo other");
	within("a pipe for a file", || {
		let request = StatusRequest { root: no_root(), untracked: Some(Untracked::Files) };
		let found = status(fixture.context(), &request).expect("a status").entries;
		assert_eq!(found.len(), 1);
		assert_eq!(found[0].worktree, Some(StatusKind::TypeChanged));
		for of in [DiffOf::Unstaged, DiffOf::Worktree] {
			let error = diff(fixture.context(), &diff_request(of));
			assert!(error.is_err_and(|error| error.code == ErrorCode::Unsupported), "a pipe is not compared");
		}
	});
}

#[test]
fn names_that_are_never_used_on_disk_are_told_with_a_warning() {
	let fixture = Fixture::of("init; echo x > f; commit x");
	let blob = fixture.git_text(&["rev-parse", "HEAD:f"]);
	let id: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&blob[at * 2..at * 2 + 2], 16).unwrap()).collect();
	let names = ["..", ".git", ".GIT", ".g\u{200c}it", "GIT~1", "a/b", "con", "f::$DATA", "back\\slash", "."];
	let mut data = Vec::new();
	for name in names.iter().chain(&["plain"]) {
		data.extend_from_slice(format!("100644 {name}\0").as_bytes());
		data.extend_from_slice(&id);
	}
	let args = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
	let tree_id = String::from_utf8(try_git(fixture.path(), &args, &data).stdout).unwrap();
	let commit_id = fixture.git_text(&["commit-tree", "-m", "evil", tree_id.trim()]);
	fixture.git(&["update-ref", "refs/heads/main", &commit_id]);
	let top = TreeRequest { root: no_root(), commit: "HEAD".into(), path: String::new() };
	let entries = tree(fixture.context(), &top).expect("a folder").entries;
	assert_eq!(entries.len(), names.len() + 1);
	for entry in &entries {
		assert_eq!(entry.problem.is_none(), entry.name == "plain", "{}", entry.name);
	}
	// Read-only functions take them as the names they are.
	for (function, result) in everything(fixture.context()) {
		if let Err(error) = result {
			assert_ne!(error.code, ErrorCode::Internal, "{function}: {error}");
		}
	}
	let mut index = Vec::new();
	for path in [".git/config", "../outside", "a/../../outside"] {
		index.extend_from_slice(format!("100644 {blob} 0\t{path}\0").as_bytes());
	}
	// Git refuses to have such an index made; what of it is there must be harmless.
	try_git(fixture.path(), &["update-index", "-z", "--index-info"], &index);
	for (function, result) in everything(fixture.context()) {
		if let Err(error) = result {
			assert_ne!(error.code, ErrorCode::Internal, "{function}: {error}");
		}
	}
}

/// Ten folders in ten folders in …: ten thousand million files in a kilobyte.
#[test]
fn a_tree_that_names_itself_over_and_over_ends() {
	let fixture = Fixture::of(
		r#"
init; echo x > f; commit x
blob=$(git rev-parse HEAD:f)
tree=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '100644 blob %s\tf%s\n' $blob $i; done | git mktree)
for level in 1 2 3 4 5 6 7 8 9; do
	tree=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\td%s\n' $tree $i; done | git mktree)
done
git update-ref refs/heads/main $(git commit-tree -p HEAD -m bomb $tree)
git update-ref refs/heads/empty $(git commit-tree -m empty $(git mktree </dev/null))
"#,
	);
	within("a tree bomb", || {
		let request = CommitRequest { root: no_root(), commit: "HEAD".into(), parent: None };
		assert!(commit(fixture.context(), &request).expect("a commit").truncated);
		let of = DiffOf::Commit { commit: "HEAD".into(), parent: None };
		assert!(diff(fixture.context(), &diff_request(of)).expect("a diff").truncated);
		let request = StatusRequest { root: no_root(), untracked: None };
		assert_eq!(status(fixture.context(), &request).expect_err("too many").code, ErrorCode::Unsupported);
		fs::remove_file(fixture.path().join(".git/index")).unwrap();
		assert_eq!(status(fixture.context(), &request).expect_err("too many").code, ErrorCode::Unsupported);
		let top = TreeRequest { root: no_root(), commit: "HEAD".into(), path: "d0/d0".into() };
		assert_eq!(tree(fixture.context(), &top).expect("one folder").entries.len(), 10);
	});
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
	let fixture = Fixture::of("init; head -c 80000000 /dev/zero > f; echo x > g; commit large");
	let error = file(fixture.context(), &FileAtRequest { max_bytes: Some(u64::MAX), ..file_request("f") });
	assert_eq!(error.expect_err("too large").code, ErrorCode::TooLarge);
	assert_eq!(file_info(fixture.context(), &file_request("f")).expect("told").size, 80_000_000);
	let of = DiffOf::Commit { commit: "HEAD".into(), parent: None };
	let found = diff(fixture.context(), &diff_request(of)).expect("a diff");
	assert!(found.truncated && found.files[0].truncated && found.files[0].hunks.is_empty());
	assert_eq!(found.files[1].hunks.len(), 1, "the others are told");
	let lines =
		BlameRequest { root: no_root(), commit: "HEAD".into(), path: "f".into(), first: None, last: None };
	assert_eq!(blame(fixture.context(), &lines).expect_err("too large").code, ErrorCode::TooLarge);
}

#[test]
fn damaged_repositories_are_errors_and_nothing_worse() {
	let damages = [
		"echo garbage > .git/HEAD",
		": > .git/HEAD",
		"echo garbage > .git/index",
		"echo '[' > .git/config",
		"echo garbage > .git/packed-refs",
		"echo garbage > .git/refs/heads/main",
		"echo nonsense > .git/shallow",
		"rm -rf .git/objects; mkdir .git/objects",
		"rm -rf .git/refs",
		"rm .git/HEAD",
		"for o in $(find .git/objects -type f); do chmod +w $o; echo x > $o; done",
		"head -c 100 .git/index > i; mv i .git/index",
		"echo 'ref: refs/heads/main' > .git/refs/heads/main",
		"echo 'gitdir: ' > g; rm -rf .git; mv g .git",
		"mkdir -p .git/refs/heads/a; echo 'ref: refs/heads/../../../../../etc/passwd' > .git/refs/heads/a/b",
	];
	for damage in damages {
		let fixture = Fixture::of(&format!("init; echo x > f; commit x; echo y > f; commit y; {damage}"));
		within(damage, || {
			// Whatever is told, it is told without a panic, a hang or a secret.
			let mut told = format!("{:?}", info(fixture.context(), &whole()));
			told += &format!("{:?}", everything(fixture.context()));
			assert!(!told.contains("root:x:"), "{damage}");
		});
	}
	assert!(git_version() >= (2, 31));
}
