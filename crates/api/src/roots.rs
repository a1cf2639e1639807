use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use stemma_paths::{Identity, Root as OpenRoot, bytes_to_text, text_to_bytes};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::process::NamedCommand;
use stemma_proto::roots::{Root, RootId, RootState, Roots as ListedRoots};

/// The linked folders, kept in a file of the data folder. It is read anew for every question: workers are
/// other processes, and see a change at once.
pub struct Roots {
	data: PathBuf,
	/// Of this process; between hosts of one data folder the last one wins.
	writing: Mutex<()>,
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
	version: u32,
	roots: Vec<Record>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
	id: String,
	/// Without loss, also where it is no UTF-8.
	path: String,
	device: u64,
	inode: u64,
	linked_at: u64,
	/// The user agreed that the repository in it leads out of it.
	#[serde(default)]
	may_reach_out: bool,
	#[serde(default)]
	commands: Vec<KeptCommand>,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptCommand {
	#[serde(flatten)]
	command: NamedCommand,
	/// The user has let it run.
	agreed: bool,
}

const VERSION: u32 = 1;
const MAX_COMMANDS: usize = 100;

impl Roots {
	pub fn in_folder(data: PathBuf) -> Self {
		Self { data, writing: Mutex::default() }
	}

	/// Links a folder, or links it again: then it keeps its id, and whatever is there now is what is linked.
	pub fn link(&self, path: &Path, now: u64) -> Result<Root, HostError> {
		let opened = OpenRoot::link("", path)?;
		let own_path = path_text(opened.path());
		let Identity { device, inode } = opened.identity();
		let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
		let mut kept = self.read()?;
		let known = kept.roots.iter().position(|record| record.path == own_path);
		let (id, linked_at, mut commands) = match known.map(|at| kept.roots.remove(at)) {
			Some(record) => (record.id, record.linked_at, record.commands),
			None => (new_id()?, now, Vec::new()),
		};
		// The names stay; what was agreed to may mean something else now.
		commands.iter_mut().for_each(|kept| kept.agreed = false);
		let record = Record { id, path: own_path, device, inode, linked_at, may_reach_out: false, commands };
		let listed = record.listed();
		kept.roots.insert(known.unwrap_or(kept.roots.len()), record);
		self.write(&kept)?;
		Ok(listed)
	}

	pub fn unlink(&self, id: &str) -> Result<(), HostError> {
		let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
		let mut kept = self.read()?;
		let before = kept.roots.len();
		kept.roots.retain(|record| record.id != id);
		if kept.roots.len() == before {
			return Err(not_linked());
		}
		self.write(&kept)
	}

	pub fn list(&self) -> Result<ListedRoots, HostError> {
		Ok(ListedRoots { roots: self.read()?.roots.iter().map(Record::listed).collect() })
	}

	pub fn open(&self, id: &str) -> Result<OpenRoot, HostError> {
		let record = self.record(id)?;
		let opened = OpenRoot::link(record.id.clone(), &record.path())?;
		if opened.identity() != record.identity() {
			return Err(stemma_paths::PathError::RootLost.into());
		}
		Ok(opened)
	}

	/// Whether the user agreed that what is in this folder leads out of it.
	pub fn may_reach_out(&self, id: &str) -> Result<bool, HostError> {
		Ok(self.record(id)?.may_reach_out)
	}

	/// Only after a confirmation outside the page.
	pub fn let_reach_out(&self, id: &str, may: bool) -> Result<(), HostError> {
		self.change(id, |record| {
			record.may_reach_out = may;
			Ok(())
		})
	}

	pub fn commands(&self, id: &str) -> Result<Vec<NamedCommand>, HostError> {
		Ok(self.record(id)?.commands.into_iter().map(|kept| kept.command).collect())
	}

	/// Whether this very command of a folder was agreed to; an error where it has none such.
	pub fn may_run(&self, id: &str, command: &NamedCommand) -> Result<bool, HostError> {
		let record = self.record(id)?;
		let kept = record.commands.iter().find(|kept| kept.command == *command);
		kept.map(|kept| kept.agreed).ok_or_else(no_command)
	}

	/// Only after a confirmation outside the page.
	pub fn let_run(&self, id: &str, command: &NamedCommand) -> Result<(), HostError> {
		self.change(id, |record| {
			let kept = record.commands.iter_mut().find(|kept| kept.command == *command);
			kept.ok_or_else(no_command)?.agreed = true;
			Ok(())
		})
	}

	/// Under a name that is there, another command has to be agreed to again.
	pub fn name_command(&self, id: &str, command: NamedCommand) -> Result<(), HostError> {
		self.change(id, |record| {
			let is_full = record.commands.len() >= MAX_COMMANDS;
			match record.commands.iter_mut().find(|kept| kept.command.name == command.name) {
				Some(kept) if kept.command == command => {}
				Some(kept) => *kept = KeptCommand { command, agreed: false },
				None if is_full => {
					let words = format!("A folder has {MAX_COMMANDS} commands at most.");
					return Err(HostError::new(ErrorCode::Invalid, words));
				}
				None => record.commands.push(KeptCommand { command, agreed: false }),
			}
			Ok(())
		})
	}

	pub fn forget_command(&self, id: &str, name: &str) -> Result<(), HostError> {
		self.change(id, |record| {
			record.commands.retain(|kept| kept.command.name != name);
			Ok(())
		})
	}

	fn change(
		&self,
		id: &str,
		change: impl FnOnce(&mut Record) -> Result<(), HostError>,
	) -> Result<(), HostError> {
		let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
		let mut kept = self.read()?;
		change(kept.roots.iter_mut().find(|record| record.id == id).ok_or_else(not_linked)?)?;
		self.write(&kept)
	}

	fn record(&self, id: &str) -> Result<Record, HostError> {
		self.read()?.roots.into_iter().find(|record| record.id == id).ok_or_else(not_linked)
	}

	fn read(&self) -> Result<Kept, HostError> {
		let text = match std::fs::read(self.file()) {
			Ok(text) => text,
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
				return Ok(Kept { version: VERSION, roots: Vec::new() });
			}
			Err(error) => return Err(self.broken(&error.kind().to_string())),
		};
		let kept: Kept =
			serde_json::from_slice(&text).map_err(|_| self.broken("it is not what was written"))?;
		if kept.version != VERSION {
			return Err(self.broken("another version of Stemma wrote it"));
		}
		Ok(kept)
	}

	/// Into a new file that takes the place of the old one, so that a reader sees one of them whole.
	fn write(&self, kept: &Kept) -> Result<(), HostError> {
		let write = || -> std::io::Result<()> {
			std::fs::create_dir_all(&self.data)?;
			let mut file = tempfile::NamedTempFile::new_in(&self.data)?;
			serde_json::to_writer_pretty(&mut file, kept)?;
			file.write_all(b"\n")?;
			file.as_file().sync_data()?;
			file.persist(self.file())?;
			Ok(())
		};
		write().map_err(|error| self.broken(&error.kind().to_string()))
	}

	fn file(&self) -> PathBuf {
		self.data.join("roots.json")
	}

	fn broken(&self, why: &str) -> HostError {
		let words =
			format!("The list of linked folders (roots.json in the data folder) cannot be used: {why}.");
		HostError::new(ErrorCode::Internal, words)
	}
}

impl Record {
	fn path(&self) -> PathBuf {
		path_of(&text_to_bytes(&self.path))
	}

	fn identity(&self) -> Identity {
		Identity { device: self.device, inode: self.inode }
	}

	fn listed(&self) -> Root {
		let path = self.path();
		let state = match OpenRoot::link("", &path) {
			Ok(opened) if opened.identity() == self.identity() => RootState::Linked,
			Ok(_) => RootState::Replaced,
			Err(_) => RootState::Missing,
		};
		let name = path.file_name().map_or_else(|| self.path.clone(), |name| path_text(Path::new(name)));
		Root { id: RootId(self.id.clone()), name, place: shown(&path), state, linked_at: self.linked_at }
	}
}

fn shown(path: &Path) -> String {
	match std::env::home_dir().and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned)) {
		Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
		Some(rest) => format!("~/{}", path_text(&rest)),
		None => path_text(path),
	}
}

fn path_text(path: &Path) -> String {
	bytes_to_text(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

fn path_of(bytes: &[u8]) -> PathBuf {
	PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

fn new_id() -> Result<String, HostError> {
	let mut bytes = [0; 12];
	getrandom::fill(&mut bytes)
		.map_err(|_| HostError::new(ErrorCode::Internal, "This system gives no random numbers."))?;
	Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn no_command() -> HostError {
	HostError::new(ErrorCode::NotFound, "This folder has no such command any more.")
}

fn not_linked() -> HostError {
	HostError::new(ErrorCode::NotFound, "This folder is not linked any more.")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_folder_keeps_its_id_over_restarts_and_linking_again() {
		let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let first = Roots::in_folder(data.path().into()).link(folder.path(), 1).unwrap();
		let restarted = Roots::in_folder(data.path().into());
		assert_eq!(restarted.list().unwrap().roots, std::slice::from_ref(&first));
		assert_eq!(restarted.link(&folder.path().join("."), 2).unwrap(), first);
		assert_eq!(restarted.open(&first.id.0).unwrap().path(), folder.path().canonicalize().unwrap());
	}

	#[test]
	fn another_folder_in_its_place_is_not_read_until_it_is_linked_again() {
		let (data, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let path = parent.path().join("project");
		std::fs::create_dir(&path).unwrap();
		let roots = Roots::in_folder(data.path().into());
		let id = roots.link(&path, 1).unwrap().id;
		roots.let_reach_out(&id.0, true).unwrap();
		std::fs::rename(&path, parent.path().join("kept")).unwrap();
		assert_eq!(roots.list().unwrap().roots[0].state, RootState::Missing);
		assert!(roots.open(&id.0).is_err());
		std::fs::create_dir(&path).unwrap();
		assert_eq!(roots.list().unwrap().roots[0].state, RootState::Replaced);
		assert_eq!(roots.open(&id.0).unwrap_err().code, ErrorCode::RootLost);
		roots.link(&path, 2).unwrap();
		assert_eq!(roots.open(&id.0).unwrap().id(), id.0);
		assert!(!roots.may_reach_out(&id.0).unwrap(), "what was agreed about the old folder is void");
	}

	#[test]
	fn an_unlinked_folder_is_forgotten_and_untouched() {
		let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		std::fs::write(folder.path().join("file"), "x").unwrap();
		let roots = Roots::in_folder(data.path().into());
		let id = roots.link(folder.path(), 1).unwrap().id;
		roots.unlink(&id.0).unwrap();
		assert_eq!(roots.list().unwrap().roots, []);
		assert_eq!(roots.open(&id.0).unwrap_err().code, ErrorCode::NotFound);
		assert_eq!(roots.unlink(&id.0).unwrap_err().code, ErrorCode::NotFound);
		assert_eq!(std::fs::read(folder.path().join("file")).unwrap(), b"x");
	}

	#[test]
	fn a_command_is_agreed_to_as_it_is_and_where_it_is() {
		let (data, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let path = parent.path().join("project");
		std::fs::create_dir(&path).unwrap();
		let roots = Roots::in_folder(data.path().into());
		let id = roots.link(&path, 1).unwrap().id.0;
		let command = |words: &[&str]| NamedCommand {
			name: "test".into(),
			argv: words.iter().map(|word| (*word).to_owned()).collect(),
		};
		let (make, clean) = (command(&["make", "test"]), command(&["make", "clean"]));
		roots.name_command(&id, make.clone()).unwrap();
		assert!(!roots.may_run(&id, &make).unwrap());
		roots.let_run(&id, &make).unwrap();
		roots.name_command(&id, make.clone()).unwrap();
		assert!(Roots::in_folder(data.path().into()).may_run(&id, &make).unwrap(), "over restarts");

		roots.name_command(&id, clean.clone()).unwrap();
		assert_eq!(roots.commands(&id).unwrap(), std::slice::from_ref(&clean));
		assert_eq!(roots.may_run(&id, &make).unwrap_err().code, ErrorCode::NotFound);
		assert_eq!(roots.let_run(&id, &make).unwrap_err().code, ErrorCode::NotFound);
		assert!(!roots.may_run(&id, &clean).unwrap(), "the name alone says nothing");

		roots.let_run(&id, &clean).unwrap();
		std::fs::rename(&path, parent.path().join("kept")).unwrap();
		std::fs::create_dir(&path).unwrap();
		roots.link(&path, 2).unwrap();
		assert!(!roots.may_run(&id, &clean).unwrap(), "what was agreed about the old folder is void");
		roots.forget_command(&id, "test").unwrap();
		assert_eq!(roots.commands(&id).unwrap(), []);
	}

	#[test]
	fn a_name_that_is_no_text_survives() {
		let (data, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let path = parent.path().join(path_of(b"a\xff"));
		std::fs::create_dir(&path).unwrap();
		let roots = Roots::in_folder(data.path().into());
		let id = roots.link(&path, 1).unwrap().id;
		assert_eq!(roots.open(&id.0).unwrap().path(), path.canonicalize().unwrap());
	}

	#[test]
	fn a_file_that_is_not_understood_is_not_overwritten() {
		let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let roots = Roots::in_folder(data.path().into());
		std::fs::write(data.path().join("roots.json"), r#"{"version":2,"roots":[]}"#).unwrap();
		assert!(roots.list().unwrap_err().message.contains("roots.json"));
		assert!(roots.link(folder.path(), 1).is_err());
		assert!(std::fs::read_to_string(data.path().join("roots.json")).unwrap().contains("\"version\":2"));
	}
}
