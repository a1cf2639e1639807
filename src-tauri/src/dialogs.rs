//! Questions that the page cannot answer in a person's place: dialogs of the system.

use std::path::PathBuf;
use std::sync::mpsc::channel;

use rfd::{AsyncFileDialog, AsyncMessageDialog, MessageButtons, MessageDialogResult, MessageLevel};
use stemma_proto::error::{ErrorCode, HostError};
use tauri::{AppHandle, Manager, WebviewWindow};

use crate::desktop::Question;

const NO: &str = "Cancel";

pub fn pick_folder(app: &AppHandle, owner: &str) -> Result<Option<PathBuf>, HostError> {
	let picked = ask(app, owner, |window| {
		AsyncFileDialog::new().set_title("Link a folder").set_parent(&window).pick_folder()
	})?;
	Ok(picked.map(|folder| folder.path().to_owned()))
}

pub fn pick_file(app: &AppHandle, owner: &str) -> Result<Option<PathBuf>, HostError> {
	let picked = ask(app, owner, |window| {
		of_databases(&window).set_title("Restore a backup").add_filter("All files", &["*"]).pick_file()
	})?;
	Ok(picked.map(|file| file.path().to_owned()))
}

/// It asks itself before a file is written over.
pub fn pick_place(app: &AppHandle, owner: &str, name: &str) -> Result<Option<PathBuf>, HostError> {
	let name = name.to_owned();
	let picked = ask(app, owner, move |window| {
		of_databases(&window).set_title("Save a backup").set_file_name(name).save_file()
	})?;
	Ok(picked.map(|file| file.path().to_owned()))
}

fn of_databases(window: &WebviewWindow) -> AsyncFileDialog {
	AsyncFileDialog::new().add_filter("Databases", &["sqlite", "sqlite3", "db"]).set_parent(window)
}

pub fn confirm(app: &AppHandle, owner: &str, question: Question) -> Result<bool, HostError> {
	let Question { title, text, yes } = question;
	// On Linux the toolkit takes the text for a printf format.
	let text = if cfg!(target_os = "linux") { text.replace('%', "%%") } else { text.into_owned() };
	let buttons = MessageButtons::OkCancelCustom(yes.to_owned(), NO.to_owned());
	let answer = ask(app, owner, move |window| {
		AsyncMessageDialog::new()
			.set_level(MessageLevel::Warning)
			.set_title(title)
			.set_description(text)
			.set_buttons(buttons)
			.set_parent(&window)
			.show()
	})?;
	// Closing the dialog is no.
	Ok(match answer {
		MessageDialogResult::Ok => true,
		MessageDialogResult::Custom(word) => word == yes,
		_ => false,
	})
}

/// Begins where windows live, waits here. Not to be called there: it would wait for itself.
fn ask<T, F>(
	app: &AppHandle,
	owner: &str,
	begin: impl FnOnce(WebviewWindow) -> F + Send + 'static,
) -> Result<T, HostError>
where
	T: Send + 'static,
	F: Future<Output = T> + Send + 'static,
{
	let gone = || HostError::new(ErrorCode::Cancelled, "The window was closed.");
	let window = app.get_webview_window(owner).ok_or_else(gone)?;
	let (tell, told) = channel();
	let begun = app.run_on_main_thread(move || {
		let answer = begin(window);
		tauri::async_runtime::spawn(async move {
			// Whoever asked may be gone with its window.
			let _ = tell.send(answer.await);
		});
	});
	begun.map_err(|_| gone())?;
	told.recv().map_err(|_| gone())
}
