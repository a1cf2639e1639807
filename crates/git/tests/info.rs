//! What is unusual about a repository, compared with what Git says of it.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

mod support;

use stemma_git::{blame, info, log};
use stemma_proto::error::ErrorCode;
use stemma_proto::git::*;
use support::{Fixture, no_root};

fn whole() -> RepositoryRequest {
	RepositoryRequest { root: no_root() }
}

fn history() -> HistoryRequest {
	HistoryRequest { root: no_root(), from: Vec::new(), all: false, limit: None, cursor: None }
}

/// Makes `origin` with three commits that change `f`, one of them on `side`, and `make`s `work` beside it.
fn beside_origin(make: &str) -> Fixture {
	Fixture::beside(&format!(
		"init origin; cd origin; git config uploadpack.allowFilter true
		seq 1 9 > f; commit one; sed -i 3s/$/x/ f; commit two; sed -i 7s/$/y/ f; commit three; git branch side
		cd ..; {make}"
	))
}

/// What Git says of the same, and the ways out that are told.
fn check(fixture: &Fixture, name: &str, ways_out: &[GitRedirectKind]) -> RepositoryInfo {
	let told = info(fixture.anywhere(), &whole()).expect(name);
	let git = |args: &[&str]| fixture.git_text(args);
	let says = |flag: &str| git(&["rev-parse", flag]) == "true";
	assert_eq!(told.bare, says("--is-bare-repository"), "{name}: bare");
	assert_eq!(told.shallow, says("--is-shallow-repository"), "{name}: shallow");
	assert_eq!(told.head.commit.as_deref(), Some(git(&["rev-parse", "HEAD"]).as_str()), "{name}: its commit");
	assert_eq!(
		told.head.branch.unwrap_or_default(),
		git(&["branch", "--show-current"]),
		"{name}: its branch"
	);
	// Git tells them only where files are checked out.
	if !told.bare {
		let stashes = git(&["stash", "list"]).lines().count();
		assert_eq!(told.stashes as usize, stashes, "{name}: stashes");
	}
	let worktrees = git(&["worktree", "list", "--porcelain"]);
	let linked = worktrees.lines().filter(|line| line.starts_with("worktree ")).count() - 1;
	assert_eq!(told.worktrees.len(), linked, "{name}: worktrees beside the main one");
	let outside = told.redirects.iter().filter(|redirect| redirect.outside);
	assert_eq!(outside.map(|redirect| redirect.kind).collect::<Vec<_>>(), ways_out, "{name}: ways out");
	let refused = log(fixture.context(), &history());
	if ways_out.is_empty() {
		assert!(refused.is_ok(), "{name}: it is read without asking");
	} else {
		assert_eq!(refused.expect_err(name).code, ErrorCode::OutsideRoot, "{name}: it is read after asking");
		// What is there to decide by is told without reading further.
		let before = info(fixture.context(), &whole()).expect(name);
		assert_eq!((before.redirects, before.bare), (told.redirects.clone(), told.bare), "{name}");
		assert_eq!(before.head, GitHead { branch: None, commit: None }, "{name}");
	}
	let commits = log(fixture.anywhere(), &history()).expect(name).commits;
	assert_eq!(
		commits.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(),
		git(&["rev-list", "HEAD"]).lines().collect::<Vec<_>>(),
		"{name}: its history"
	);
	RepositoryInfo { head: GitHead { branch: None, commit: None }, ..told }
}

fn lines_of_f(fixture: &Fixture) -> Vec<String> {
	let request =
		BlameRequest { root: no_root(), commit: "HEAD".into(), path: "f".into(), first: None, last: None };
	let hunks = blame(fixture.anywhere(), &request).expect("a blame").hunks;
	hunks.iter().flat_map(|hunk| (0..hunk.lines).map(|_| hunk.commit.clone())).collect()
}

fn lines_of_f_by_git(fixture: &Fixture) -> Vec<String> {
	let told = fixture.git_text(&["blame", "-l", "--root", "HEAD", "--", "f"]);
	told.lines().map(|line| line.split(' ').next().unwrap().trim_start_matches('^').to_owned()).collect()
}

#[test]
fn clones_of_every_kind() {
	use GitRedirectKind::{Alternate, Link};
	for (make, ways_out) in [
		("git clone -q origin work", &[][..]),
		("git clone -q --bare origin work", &[]),
		("git clone -q --mirror origin work", &[]),
		("git clone -q --depth 2 file://$PWD/origin work", &[]),
		("git clone -q --bare --depth 1 file://$PWD/origin work", &[]),
		("git clone -q --shared origin work", &[Alternate]),
		("git clone -q --shared --bare origin work", &[Alternate]),
		("git clone -q --reference origin file://$PWD/origin work", &[Alternate]),
		// Borrowed from a repository that borrows.
		("git clone -q --shared origin a; git clone -q --shared a work", &[Alternate, Alternate]),
		(
			"git clone -q origin work; mv work/.git/objects store; ln -s ../../store work/.git/objects",
			&[Link],
		),
		("git clone -q origin work; mv work/.git/objects work/store; ln -s ../store work/.git/objects", &[]),
		("git clone -q origin work; cd work; git checkout -q --detach; echo x >> f; git stash -q", &[]),
	] {
		let fixture = beside_origin(make);
		let told = check(&fixture, make, ways_out);
		assert_eq!(lines_of_f(&fixture), lines_of_f_by_git(&fixture), "{make}");
		assert!(!told.partial && !told.lfs && told.operation.is_none(), "{make}");
	}
}

#[test]
fn a_git_file_that_leads_elsewhere() {
	use GitRedirectKind::{CommonDir, GitDir};
	for (make, ways_out) in [
		("git -C origin worktree add -q ../work side", &[GitDir, CommonDir][..]),
		("git clone -q --bare origin b; git -C b worktree add -q ../work side", &[GitDir, CommonDir]),
		(
			"git clone -q --depth 2 file://$PWD/origin s; git -C s worktree add -q ../work; echo x >> s/f; git -C s stash -q",
			&[GitDir, CommonDir],
		),
		("git clone -q origin work --separate-git-dir=elsewhere", &[GitDir]),
		("init .; git -c protocol.file.allow=always submodule add -q $PWD/origin work", &[GitDir]),
	] {
		let fixture = beside_origin(make);
		check(&fixture, make, ways_out);
		assert_eq!(lines_of_f(&fixture), lines_of_f_by_git(&fixture), "{make}");
	}
}

#[test]
fn a_partial_clone_is_one_however_it_says_so() {
	for filter in ["blob:none", "tree:0", "blob:limit=5"] {
		let fixture = beside_origin(&format!("git clone -q --filter={filter} file://$PWD/origin work"));
		assert!(check(&fixture, filter, &[]).partial, "{filter}");
	}
	for (value, partial) in [("yes", true), ("1", true), ("on", true), ("false", false), ("0", false)] {
		let fixture = beside_origin(&format!(
			"git clone -q origin work; git -C work config remote.origin.promisor {value}"
		));
		assert_eq!(info(fixture.context(), &whole()).expect(value).partial, partial, "{value}");
	}
	let fixture = beside_origin(
		"git clone -q origin work; printf '[remote \"o\"]\\n\\tpromisor\\n' >> work/.git/config",
	);
	assert!(info(fixture.context(), &whole()).expect("info").partial, "a name alone says yes");
}

#[test]
fn files_in_lfs_and_submodules_also_where_nothing_is_checked_out() {
	let script = r#"
init origin; cd origin
echo '*.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes
printf '[submodule "l"]\n\tpath = libs/l\n\turl = ../l\n' > .gitmodules
commit one; cd ..
"#;
	for clone in ["git clone -q origin work", "git clone -q --bare origin work"] {
		let fixture = Fixture::beside(&format!("{script}{clone}"));
		let told = info(fixture.context(), &whole()).expect("info");
		assert!(told.lfs, "{clone}");
		assert_eq!(
			told.submodules,
			[Submodule { path: "libs/l".into(), url: Some("../l".into()) }],
			"{clone}"
		);
	}
	let plain = beside_origin("git clone -q --bare origin work");
	let told = info(plain.context(), &whole()).expect("info");
	assert!(!told.lfs && told.submodules.is_empty());
}
