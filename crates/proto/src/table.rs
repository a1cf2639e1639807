//! The table of commands. Permissions, routes, the TypeScript client and its schemas are generated from it:
//! after a change run `cargo run -p stemma-proto --bin generate`.
//!
//! A row: `/// What it does.` `TypeName = "area.verb", Class Answer Place, Request => Response;`

use crate::command::{Bytes, Nothing, commands};
use crate::{files, git, host, http, jobs, process, roots, secrets, shell, store};

commands! {
	/// What this host is, and which commands it answers.
	HostInfo = "host.info", Read One Everywhere, Nothing => host::HostInfo;

	/// The folders that may be read, as the user linked them.
	RootsList = "roots.list", Read One Everywhere, Nothing => roots::Roots;
	/// Asks the user for a folder in a native dialog and links it. Null when they chose none.
	RootsLink = "roots.link", Write One Desktop, Nothing => Option<roots::Root>;
	/// Forgets a linked folder. The folder itself is not touched.
	RootsUnlink = "roots.unlink", Write One Everywhere, roots::RootRequest => Nothing;

	/// What runs, and what ended lately.
	JobsList = "jobs.list", Read One Everywhere, Nothing => jobs::Jobs;
	/// The same at once and again after every change, a few times a second at most.
	JobsWatch = "jobs.watch", Read Stream Everywhere, Nothing => jobs::Jobs;
	/// Stops a job. Nothing happens to one that has ended.
	JobsCancel = "jobs.cancel", Write One Everywhere, jobs::JobRequest => Nothing;
	/// What a job has said and says until it ends.
	JobsLog = "jobs.log", Read Stream Everywhere, jobs::JobRequest => jobs::LogBatch;

	/// What a repository is and where it reaches.
	GitInfo = "git.info", Read One Everywhere, git::RepositoryRequest => git::RepositoryInfo;
	/// HEAD, branches and tags.
	GitRefs = "git.refs", Read One Everywhere, git::RepositoryRequest => git::Refs;
	/// Stashes, the newest first.
	GitStashes = "git.stashes", Read One Everywhere, git::RepositoryRequest => git::Stashes;
	/// One page of history, the newest commit first.
	GitLog = "git.log", Read One Everywhere, git::HistoryRequest => git::HistoryPage;
	/// Reads the whole history.
	GitIngest = "git.ingest", Read Stream Everywhere, git::IngestRequest => git::IngestBatch;
	/// A commit with its message and the files it changed.
	GitCommit = "git.commit", Read One Everywhere, git::CommitRequest => git::CommitDetails;
	/// Compares files line by line.
	GitDiff = "git.diff", Read One Everywhere, git::DiffRequest => git::Diff;
	/// A folder at a commit.
	GitTree = "git.tree", Read One Everywhere, git::TreeRequest => git::Folder;
	/// What a file at a commit is.
	GitFileInfo = "git.file_info", Read One Everywhere, git::FileAtRequest => git::FileAtInfo;
	/// The bytes of a file at a commit.
	GitFile = "git.file", Read Bytes Everywhere, git::FileAtRequest => Bytes;
	/// Finds the commit each line of a file comes from.
	GitBlame = "git.blame", Read One Everywhere, git::BlameRequest => git::Blame;
	/// What is not committed.
	GitStatus = "git.status", Read One Everywhere, git::StatusRequest => git::RepositoryStatus;
	/// Applies a patch or writes a file in the working tree.
	GitApply = "git.apply", Write One Everywhere, git::ApplyRequest => git::Applied;
	/// Takes such a change back.
	GitUndo = "git.undo", Write One Everywhere, git::UndoRequest => git::Applied;

	/// Lists files of a linked folder.
	FilesScan = "files.scan", Read Stream Everywhere, files::ScanRequest => files::ScanBatch;
	/// The bytes of a file.
	FilesRead = "files.read", Read Bytes Everywhere, files::ReadRequest => Bytes;
	/// Tells which files change.
	FilesWatch = "files.watch", Read Stream Everywhere, files::WatchRequest => files::WatchBatch;

	/// The commands a person has named for a folder.
	ProcessList = "process.list", Read One Desktop, roots::RootRequest => process::NamedCommands;
	/// Names a command, or gives a name another command.
	ProcessName = "process.name", Write One Desktop, process::NameCommandRequest => Nothing;
	/// Forgets a named command.
	ProcessForget = "process.forget", Write One Desktop, process::ForgetCommandRequest => Nothing;
	/// Starts a named command in its folder, as a job that outlives the page. Asks before the first time.
	ProcessRun = "process.run", Exec One Desktop, process::RunCommandRequest => process::StartedCommand;

	/// Opens the database, or joins those who have it open. Answers a frame, as all that follow.
	StoreOpen = "store.open", Read Bytes Desktop, store::OpenRequest => Bytes;
	/// Statements that only read, all on one state of the database.
	StoreRead = "store.read", Read Bytes Desktop, store::ReadRequest => Bytes;
	/// A transaction.
	StoreWrite = "store.write", Write Bytes Desktop, store::WriteRequest => Bytes;
	/// The rows of one statement as they are found, and how it ended.
	StoreStream = "store.stream", Read Frames Desktop, store::StreamRequest => Bytes;
	/// A consistent, compact copy of the file.
	StoreExport = "store.export", Read Bytes Desktop, Nothing => Bytes;
	/// What the database is.
	StoreInfo = "store.info", Read Bytes Desktop, Nothing => Bytes;
	/// Asks the user where a backup goes, in a native dialog, and writes it there. Null when they chose no place.
	StoreSave = "store.save", Write Bytes Desktop, store::SaveRequest => Bytes;
	/// Asks the user for a file in a native dialog, and copies it beside the database. Null when they chose none.
	StoreTakeIn = "store.take_in", Write Bytes Desktop, store::TakeInRequest => Bytes;
	/// Brings the file that was taken in to the newest schema.
	StoreMigrateIncoming = "store.migrate_incoming", Write Bytes Desktop, store::IncomingRequest => Bytes;
	/// A transaction of the live database with the file that was taken in beside it.
	StoreMerge = "store.merge", Write Bytes Desktop, store::RestoreRequest => Bytes;
	/// The same in a new database, which then takes the place of the live one.
	StoreReplace = "store.replace", Write Bytes Desktop, store::RestoreRequest => Bytes;
	/// Forgets the file that was taken in.
	StoreDiscard = "store.discard", Write Bytes Desktop, store::IncomingRequest => Bytes;
	/// The copies that are kept, the newest first.
	StoreCopies = "store.copies", Read Bytes Desktop, Nothing => Bytes;

	/// Where keys are kept, and which endpoints have one.
	SecretsStatus = "secrets.status", Read One Desktop, Nothing => secrets::SecretStatus;
	/// Stores a key for the origin of an address. No command gives it back.
	SecretsSet = "secrets.set", Write One Desktop, secrets::SetSecretRequest => Nothing;
	/// Forgets the key of an endpoint.
	SecretsDelete = "secrets.delete", Write One Desktop, secrets::DeleteSecretRequest => Nothing;
	/// Opens the file of keys where the system has no keychain, or makes it.
	SecretsUnlock = "secrets.unlock", Write One Desktop, secrets::UnlockRequest => Nothing;

	/// A request to a model server: first its head as JSON, then bytes as they come.
	HttpSend = "http.send", Net Frames Desktop, http::HttpRequest => Bytes;

	/// Opens one more window of the program.
	WindowOpen = "window.open", Write One Desktop, shell::WindowRequest => shell::OpenedWindow;
	/// Everything of a stream up to this number was taken in.
	StreamAck = "stream.ack", Read One Desktop, shell::AckRequest => Nothing;
	/// Nobody wants the rest of a stream.
	StreamCancel = "stream.cancel", Read One Desktop, shell::StreamRef => Nothing;
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::command::{Answer, Place};

	#[test]
	fn names_are_unique_and_spelled_alike() {
		let mut seen = std::collections::HashSet::new();
		for row in COMMANDS {
			let name = row.info.name;
			let (area, verb) = name.split_once('.').unwrap_or_default();
			let is_word =
				|text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
			assert!(is_word(area) && is_word(verb), "{name} is not area.verb in lower case");
			assert!(
				seen.insert(row.info.identifier()),
				"{name} is there twice, or equals another identifier"
			);
			assert!(!row.info.doc.is_empty());
		}
	}

	#[test]
	fn bytes_are_answered_where_the_table_says_so() {
		for row in COMMANDS {
			let mut generator = schemars::SchemaGenerator::default();
			let response = (row.response)(&mut generator);
			let is_bytes = response
				.get("$ref")
				.and_then(|path| path.as_str())
				.is_some_and(|path| path.ends_with("/Bytes"));
			let answers_bytes = matches!(row.info.answer, Answer::Bytes | Answer::Frames);
			assert_eq!(is_bytes, answers_bytes, "{}", row.info.name);
		}
	}

	#[test]
	fn only_the_desktop_streams_bytes() {
		let mut frames = COMMANDS.iter().filter(|row| row.info.answer == Answer::Frames);
		assert!(
			frames.all(|row| row.info.place == Place::Desktop),
			"the local server has no way to say where one ends"
		);
	}
}
