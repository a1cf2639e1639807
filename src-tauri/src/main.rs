//! The desktop program: windows around the page, the host's commands behind them. It decides nothing else.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod desktop;
mod dialogs;
mod generated {
	pub mod handlers;
}
mod streams;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use stemma_jobs::OwnBinary;
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::shell::{OpenedWindow, WindowKind, WindowRequest};
use stemma_proto::store::Change;
use tauri::webview::PageLoadEvent;
use tauri::{AppHandle, Emitter, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::desktop::{Desktop, Question, Windows};

const CHANGE: &str = "store-change";
const FIRST: &str = "main";
const DATA: &str = "STEMMA_DATA";

struct TauriWindows {
	app: AppHandle,
	opened: AtomicU32,
}

impl Windows for TauriWindows {
	fn tell(&self, change: &Change) {
		// A window that is closing misses it, and has no use for it.
		let _ = self.app.emit(CHANGE, change);
	}

	fn open(&self, request: &WindowRequest) -> Result<OpenedWindow, HostError> {
		let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
		let label = match request.kind {
			WindowKind::Main => format!("main-{number}"),
			WindowKind::Viewer => format!("viewer-{number}"),
		};
		build_window(&self.app, &label, &request.path).map_err(|error| {
			HostError::new(ErrorCode::Internal, format!("No window could be opened: {error}"))
		})?;
		Ok(OpenedWindow { label })
	}

	fn pick_folder(&self, owner: &str) -> Result<Option<PathBuf>, HostError> {
		dialogs::pick_folder(&self.app, owner)
	}

	fn pick_file(&self, owner: &str) -> Result<Option<PathBuf>, HostError> {
		dialogs::pick_file(&self.app, owner)
	}

	fn pick_place(&self, owner: &str, name: &str) -> Result<Option<PathBuf>, HostError> {
		dialogs::pick_place(&self.app, owner, name)
	}

	fn confirm(&self, owner: &str, question: Question) -> Result<bool, HostError> {
		dialogs::confirm(&self.app, owner, question)
	}
}

fn build_window(app: &AppHandle, label: &str, path: &str) -> tauri::Result<()> {
	let address = WebviewUrl::App(match path.trim_start_matches('/') {
		"" => "index.html".into(),
		path => path.into(),
	});
	WebviewWindowBuilder::new(app, label, address)
		.title("Stemma")
		.inner_size(1280.0, 860.0)
		.min_inner_size(360.0, 480.0)
		// The page has links to the outside; none of them may take its place.
		.on_navigation(|url| {
			matches!(url.scheme(), "tauri" | "about") || url.host_str() == Some("tauri.localhost")
		})
		// What is saved from a page, such as an image, goes to the folder that the system has for downloads.
		.on_download(|_, _| true)
		.build()?;
	Ok(())
}

/// Somebody has started the program a second time.
fn show(app: &AppHandle) {
	let first = app.get_webview_window(FIRST);
	if let Some(window) = first.or_else(|| app.webview_windows().into_values().next()) {
		// A window that cannot be raised is there all the same.
		let _ = window.unminimize();
		let _ = window.set_focus();
	}
}

/// `STEMMA_DATA`, or the folder of this program for the user.
fn data_folder(app: &AppHandle) -> Result<PathBuf, String> {
	let folder = match std::env::var_os(DATA) {
		Some(folder) => PathBuf::from(folder),
		None => app.path().app_data_dir().map_err(|error| format!("There is no data folder: {error}."))?,
	};
	make_private(&folder)
		.map_err(|error| format!("The folder {} cannot be used: {error}.", folder.display()))?;
	Ok(folder)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
	let mut builder = std::fs::DirBuilder::new();
	builder.recursive(true);
	#[cfg(unix)]
	std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
	builder.create(folder)
}

/// The folder is this program's until the file is closed, however it ends: a second one on the same database
/// would tell its changes to its own windows only.
fn take(folder: &Path) -> Result<File, String> {
	let failed = |error: std::io::Error| format!("The folder {} cannot be used: {error}.", folder.display());
	let file = File::options().create(true).append(true).open(folder.join("in-use.lock")).map_err(failed)?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => {
			Err(format!("Another Stemma has the folder {} open.", folder.display()))
		}
		Err(TryLockError::Error(error)) => Err(failed(error)),
	}
}

fn run() -> Result<(), String> {
	let own = OwnBinary::current().map_err(|error| format!("This program does not find itself: {error}."))?;
	let mut builder = tauri::Builder::default();
	// Who names a data folder may run several, each on its own.
	if std::env::var_os(DATA).is_none() {
		builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| show(app)));
	}
	let app = builder
		.invoke_handler(generated::handlers::handler())
		.on_page_load(|webview, payload| {
			if payload.event() == PageLoadEvent::Started
				&& let Some(desktop) = webview.try_state::<Arc<Desktop>>()
			{
				desktop.page_gone(webview.label());
			}
		})
		.on_window_event(|window, event| {
			if matches!(event, WindowEvent::Destroyed)
				&& let Some(desktop) = window.try_state::<Arc<Desktop>>()
			{
				desktop.page_gone(window.label());
			}
		})
		.setup(|app| Ok(build_window(app.handle(), FIRST, "/")?))
		.build(tauri::generate_context!())
		.map_err(|error| error.to_string())?;
	let data = data_folder(app.handle())?;
	let _taken = take(&data)?;
	let windows = TauriWindows { app: app.handle().clone(), opened: AtomicU32::default() };
	let desktop = Desktop::new(&data, own, Arc::new(windows)).map_err(|error| error.message)?;
	app.manage(Arc::new(desktop));
	app.run(|app, event| {
		if matches!(event, RunEvent::Exit)
			&& let Some(desktop) = app.try_state::<Arc<Desktop>>()
		{
			desktop.close();
		}
	});
	Ok(())
}

fn main() -> ExitCode {
	if let Some(code) = stemma_api::run_part(std::env::args_os().skip(1), |_| {}) {
		return code;
	}
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(message) => {
			eprintln!("Stemma did not start: {message}");
			ExitCode::FAILURE
		}
	}
}
