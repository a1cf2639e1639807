//! What this host has beyond the local server's: the database, the keys, traffic with models, windows.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use stemma_api::{Api, Call, Consent, Context, Handlers};
use stemma_http::Http;
use stemma_jobs::{Frame, Once, OwnBinary};
use stemma_proto::command::{Class, Command, CommandInfo, Nothing};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::git::RepositoryInfo;
use stemma_proto::host::Linking;
use stemma_proto::process::RunCommandRequest;
use stemma_proto::roots::Root;
use stemma_proto::shell::{OpenedWindow, WindowRequest};
use stemma_proto::store::{Change, OpenRequest, SaveRequest, StoreError, StoreErrorCode, TakeInRequest};
use stemma_proto::table;
use stemma_secrets::Secrets;
use stemma_store::pack::{pack_results, pack_rows, pack_value};
use stemma_store::{OpenOptions, Store};

use crate::streams::Streams;

const VIEWER: &str = "viewer-";
const LONGEST_NAME: usize = 100;

/// What the shell does for the host: everything of windows.
pub trait Windows: Send + Sync + 'static {
	/// To all of them.
	fn tell(&self, change: &Change);
	fn open(&self, request: &WindowRequest) -> Result<OpenedWindow, HostError>;
	/// A folder that a person chooses in a dialog of the system, in front of the window that asks; none when they choose none.
	fn pick_folder(&self, owner: &str) -> Result<Option<PathBuf>, HostError>;
	/// A database file, likewise.
	fn pick_file(&self, owner: &str) -> Result<Option<PathBuf>, HostError>;
	/// A place for a file, likewise.
	fn pick_place(&self, owner: &str, name: &str) -> Result<Option<PathBuf>, HostError>;
	/// Whether a person says yes in a dialog of the system.
	fn confirm(&self, owner: &str, question: Question) -> Result<bool, HostError>;
}

pub struct Question {
	/// Words of ours alone: a toolkit may take what stands in a title for more than text.
	pub title: &'static str,
	pub text: Cow<'static, str>,
	/// The word on the button.
	pub yes: &'static str,
}

const LEADS_OUT: Question = Question {
	title: "This repository leads out of its folder",
	text: Cow::Borrowed(
		"To read it, Stemma has to open files beside the folder, as with a linked worktree. \
		Do so only if you know where it comes from.",
	),
	yes: "Read it",
};

/// Asks a person before a program is started: once for each command as it is.
struct Dialogs(Arc<dyn Windows>);

impl Consent for Dialogs {
	fn offers(&self, class: Class) -> bool {
		class != Class::Secret
	}

	fn allows(&self, call: &Call<'_>, command: &CommandInfo, request: &Value) -> Result<bool, HostError> {
		if command.name != table::ProcessRun::INFO.name {
			return Ok(false);
		}
		let RunCommandRequest { root, command } = serde_json::from_value(request.clone())
			.map_err(|_| HostError::new(ErrorCode::Invalid, "The request was not understood."))?;
		if call.roots().may_run(&root.0, &command)? {
			return Ok(true);
		}
		let folders = call.roots().list()?.roots;
		let place = folders.into_iter().find(|folder| folder.id == root).map(|folder| folder.place);
		let question = Question {
			title: "Run this command?",
			text: Cow::Owned(format!(
				"{}\n\nIn the folder {:?}. It can do whatever you can do. You are asked once.",
				stemma_api::shown_command(&command.argv),
				place.unwrap_or_default()
			)),
			yes: "Run it",
		};
		let is_agreed = self.0.confirm(owner(call)?, question)?;
		if is_agreed {
			call.roots().let_run(&root.0, &command)?;
		}
		Ok(is_agreed)
	}
}

pub struct Desktop {
	pub api: Arc<Api>,
	pub streams: Arc<Streams>,
	pub once: Once,
	database: Arc<Database>,
}

impl Desktop {
	pub fn new(data: &Path, own: OwnBinary, windows: Arc<dyn Windows>) -> Result<Self, HostError> {
		let streams = Arc::new(Streams::default());
		let database = Arc::new(Database::at(data, Arc::clone(&windows)));
		let secrets = Arc::new(Secrets::open(&data.join("keys.sealed")));
		let http = Http::new(Arc::clone(&secrets))?;
		let consent = Box::new(Dialogs(Arc::clone(&windows)));
		let context = Context::host(data.to_owned(), own, Linking::Dialog, consent);
		let api = Api::new(context, |handlers| {
			enter_store(handlers, &database);
			enter_backups(handlers, &database);
			enter_secrets(handlers, &secrets);
			enter_folders(handlers, &windows);
			stemma_api::enter_processes(handlers);
			enter_windows(handlers, windows, &streams);
			handlers.frames::<table::HttpSend>(move |call, request, take| {
				http.send(&request, call.cancel.flag(), &mut |frame| match frame {
					stemma_http::Frame::Head(head) => match to_raw_value(&head) {
						Ok(head) => take(Frame::Value(head)),
						Err(_) => ControlFlow::Break(()),
					},
					stemma_http::Frame::Bytes(bytes) => take(Frame::Bytes(bytes)),
				})
			});
		});
		Ok(Self { api, streams, once: Once::default(), database })
	}

	pub fn page_gone(&self, window: &str) {
		self.streams.page_gone(window);
		self.database.page_gone(window);
		self.api.context.jobs.cancel_owner(window);
	}

	/// Before the program ends.
	pub fn close(&self) {
		self.api.context.jobs.cancel_all();
		self.database.close();
	}
}

/// Opened by the first page, which brings the migrations; joined by all others.
struct Database {
	file: PathBuf,
	backups: PathBuf,
	staging: PathBuf,
	windows: Arc<dyn Windows>,
	store: Mutex<Option<Arc<Store>>>,
}

impl Database {
	fn at(data: &Path, windows: Arc<dyn Windows>) -> Self {
		Self {
			file: data.join("stemma.sqlite"),
			backups: data.join("backups"),
			staging: data.join("staging"),
			windows,
			store: Mutex::new(None),
		}
	}

	fn open(&self, request: &OpenRequest, owner: Option<&str>) -> Result<(), StoreError> {
		let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
		if store.is_some() {
			return Ok(());
		}
		if owner.is_none_or(|owner| owner.starts_with(VIEWER)) {
			return Err(StoreError::new(
				StoreErrorCode::Closed,
				"This window only looks: open the first one.",
			));
		}
		let windows = Arc::clone(&self.windows);
		let opened = Store::open(OpenOptions {
			path: &self.file,
			backups: &self.backups,
			staging: &self.staging,
			request,
			on_commit: Box::new(move |change| windows.tell(change)),
		})?;
		*store = Some(Arc::new(opened));
		Ok(())
	}

	fn with<T>(&self, work: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
		let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).clone();
		match store {
			Some(store) => work(&store),
			None => Err(StoreError::new(StoreErrorCode::Closed, "The database is not open.")),
		}
	}

	/// The file that a person chooses is copied; its place is never known to the page.
	fn take_in(&self, request: &TakeInRequest, owner: &str) -> Result<Vec<u8>, HostError> {
		Ok(match &request.copy {
			Some(copy) => said(self.with(|store| store.take_in_copy(copy, owner))),
			None => match self.windows.pick_file(owner)? {
				Some(chosen) => said(self.with(|store| store.take_in(&chosen, owner))),
				None => said(Ok(Value::Null)),
			},
		})
	}

	fn save(&self, request: &SaveRequest, owner: &str) -> Result<Vec<u8>, HostError> {
		let is_name = !request.name.is_empty()
			&& request.name.len() <= LONGEST_NAME
			&& request.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
			&& !request.name.starts_with('.');
		if !is_name {
			return Err(HostError::new(ErrorCode::Invalid, "This is no name for a backup."));
		}
		Ok(match self.windows.pick_place(owner, &request.name)? {
			Some(place) => said(self.with(|store| store.save(request.copy.as_deref(), &place))),
			None => said(Ok(Value::Null)),
		})
	}

	fn page_gone(&self, window: &str) {
		// Without a database there is nothing of it.
		let _ = self.with(|store| {
			store.discard_of(window);
			Ok(())
		});
	}

	fn export(&self) -> Result<Vec<u8>, StoreError> {
		let failed = |error: std::io::Error| {
			StoreError::new(StoreErrorCode::NoStorage, format!("The copy could not be made: {error}"))
		};
		let folder = tempfile::tempdir_in(self.file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
		let copy = folder.path().join("copy.sqlite");
		self.with(|store| store.export(&copy))?;
		std::fs::read(&copy).map_err(failed)
	}

	fn close(&self) {
		let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
		if let Some(store) = store {
			store.close();
		}
	}
}

fn enter_store(handlers: &mut Handlers, database: &Arc<Database>) {
	let of = || Arc::clone(database);
	let store = of();
	handlers.bytes::<table::StoreOpen>(move |call, request| Ok(said(store.open(&request, call.owner))));
	let store = of();
	handlers.bytes::<table::StoreRead>(move |call, request| {
		refuse_viewer(call, request.of.or(request.beside))?;
		Ok(pack_results(&store.with(|store| store.read(&request))))
	});
	let store = of();
	handlers.bytes::<table::StoreWrite>(move |call, request| {
		Ok(pack_results(&store.with(|store| store.write(&request, call.owner.unwrap_or_default()))))
	});
	let store = of();
	handlers.frames::<table::StoreStream>(move |call, request, take| {
		refuse_viewer(call, request.of)?;
		let cancel = Arc::new(AtomicBool::new(false));
		let stop = Arc::clone(&cancel);
		let _hook = call.cancel.on_cancel(move || stop.store(true, Ordering::Relaxed));
		let ended = store
			.with(|store| store.stream(&request, &cancel, &mut |rows| take(Frame::Bytes(pack_rows(rows)))));
		let _ = take(Frame::Bytes(said(ended)));
		Ok(())
	});
	let store = of();
	handlers.bytes::<table::StoreExport>(move |_, _| {
		Ok(pack_value(&store.export().map(|bytes| (Value::Null, bytes))))
	});
	let store = of();
	handlers.bytes::<table::StoreInfo>(move |_, _| Ok(said(store.with(Store::info))));
}

fn enter_backups(handlers: &mut Handlers, database: &Arc<Database>) {
	let of = || Arc::clone(database);
	let store = of();
	handlers.bytes::<table::StoreSave>(move |call, request| store.save(&request, owner(call)?));
	let store = of();
	handlers.bytes::<table::StoreTakeIn>(move |call, request| store.take_in(&request, owner(call)?));
	let store = of();
	handlers.bytes::<table::StoreMigrateIncoming>(move |_, request| {
		Ok(said(store.with(|store| store.migrate_incoming(request.file))))
	});
	let store = of();
	handlers.bytes::<table::StoreMerge>(move |call, request| {
		let owner = owner(call)?;
		Ok(pack_results(&store.with(|store| store.merge(&request, owner))))
	});
	let store = of();
	handlers.bytes::<table::StoreReplace>(move |call, request| {
		let owner = owner(call)?;
		Ok(said(store.with(|store| store.replace(&request, owner))))
	});
	let store = of();
	handlers.bytes::<table::StoreDiscard>(move |_, request| {
		Ok(said(store.with(|store| {
			store.discard(request.file);
			Ok(())
		})))
	});
	let store = of();
	handlers.bytes::<table::StoreCopies>(move |_, _| Ok(said(store.with(Store::copies))));
}

/// A file that was taken in is nothing to look at.
fn refuse_viewer(call: &Call<'_>, file: Option<u32>) -> Result<(), HostError> {
	if file.is_some() && call.owner.is_none_or(|owner| owner.starts_with(VIEWER)) {
		return Err(HostError::new(ErrorCode::Denied, "This window only looks: restore in the first one."));
	}
	Ok(())
}

/// A value in a frame, or why there is none.
fn said<T: Serialize>(result: Result<T, StoreError>) -> Vec<u8> {
	pack_value(&result.map(|value| (serde_json::to_value(value).unwrap_or_default(), Vec::new())))
}

fn enter_secrets(handlers: &mut Handlers, secrets: &Arc<Secrets>) {
	let of = || Arc::clone(secrets);
	let kept = of();
	handlers.one::<table::SecretsStatus>(move |_, _| kept.status());
	let kept = of();
	handlers.one::<table::SecretsSet>(move |_, request| kept.set(&request).map(|()| Nothing {}));
	let kept = of();
	handlers.one::<table::SecretsDelete>(move |_, request| kept.delete(&request).map(|()| Nothing {}));
	let kept = of();
	handlers.one::<table::SecretsUnlock>(move |_, request| kept.unlock(&request).map(|()| Nothing {}));
}

fn enter_folders(handlers: &mut Handlers, windows: &Arc<dyn Windows>) {
	let windows = Arc::clone(windows);
	handlers.one::<table::RootsLink>(move |call, _| {
		let owner = owner(call)?;
		let Some(folder) = windows.pick_folder(owner)? else {
			return Ok(None);
		};
		let root = call.roots().link(&folder, stemma_api::now())?;
		if leads_out(call, &root) && windows.confirm(owner, LEADS_OUT)? {
			call.roots().let_reach_out(&root.id.0, true)?;
		}
		Ok(Some(root))
	});
}

/// Whether the repository in a folder makes its reader open something elsewhere.
fn leads_out(call: &Call<'_>, root: &Root) -> bool {
	let mut outside = false;
	let request = serde_json::json!({ "root": root.id.0 });
	let read = call.api.call(table::GitInfo::INFO.name, request, call.owner, call.cancel, &mut |frame| {
		if let Frame::Value(value) = frame
			&& let Ok(info) = serde_json::from_str::<RepositoryInfo>(value.get())
		{
			outside = info.redirects.iter().any(|redirect| redirect.outside);
		}
		ControlFlow::Continue(())
	});
	// Whatever is wrong with it, or that it is no repository at all, is said where it is read.
	read.is_ok() && outside
}

fn enter_windows(handlers: &mut Handlers, windows: Arc<dyn Windows>, streams: &Arc<Streams>) {
	handlers.one::<table::WindowOpen>(move |_, request| {
		// The page's own addresses: no scheme, no other host, no way out of it.
		let is_own = request.path.starts_with('/')
			&& !request.path.starts_with("//")
			&& !request.path.contains(['\\', '\0']);
		if !is_own {
			return Err(HostError::new(
				ErrorCode::Invalid,
				"A window shows an address of the program itself.",
			));
		}
		windows.open(&request)
	});
	let open = Arc::clone(streams);
	handlers.one::<table::StreamAck>(move |call, request| {
		open.ack(owner(call)?, request.channel, request.seq);
		Ok(Nothing {})
	});
	let open = Arc::clone(streams);
	handlers.one::<table::StreamCancel>(move |call, request| {
		open.cancel(owner(call)?, request.channel);
		Ok(Nothing {})
	});
}

fn owner<'call>(call: &Call<'call>) -> Result<&'call str, HostError> {
	call.owner.ok_or_else(|| HostError::new(ErrorCode::Internal, "This belongs to a window."))
}
