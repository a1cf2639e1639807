//! Made by `cargo run -p stemma-proto --bin generate`; do not edit.

use serde_json::Value;
use stemma_proto::error::HostError;
use tauri::ipc::{Channel, InvokeResponseBody, Response};
use tauri::{AppHandle, Runtime, Webview};

use crate::bridge;

/// What this host is, and which commands it answers.
#[tauri::command]
pub async fn host_info<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "host.info", bridge::Asked { request, id }).await
}

/// The folders that may be read, as the user linked them.
#[tauri::command]
pub async fn roots_list<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "roots.list", bridge::Asked { request, id }).await
}

/// Asks the user for a folder in a native dialog and links it. Null when they chose none.
#[tauri::command]
pub async fn roots_link<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "roots.link", bridge::Asked { request, id }).await
}

/// Forgets a linked folder. The folder itself is not touched.
#[tauri::command]
pub async fn roots_unlink<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "roots.unlink", bridge::Asked { request, id }).await
}

/// What runs, and what ended lately.
#[tauri::command]
pub async fn jobs_list<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "jobs.list", bridge::Asked { request, id }).await
}

/// The same at once and again after every change, a few times a second at most.
#[tauri::command]
pub async fn jobs_watch<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "jobs.watch", bridge::Asked { request, id }, channel).await
}

/// Stops a job. Nothing happens to one that has ended.
#[tauri::command]
pub async fn jobs_cancel<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "jobs.cancel", bridge::Asked { request, id }).await
}

/// What a job has said and says until it ends.
#[tauri::command]
pub async fn jobs_log<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "jobs.log", bridge::Asked { request, id }, channel).await
}

/// What a repository is and where it reaches.
#[tauri::command]
pub async fn git_info<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.info", bridge::Asked { request, id }).await
}

/// HEAD, branches and tags.
#[tauri::command]
pub async fn git_refs<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.refs", bridge::Asked { request, id }).await
}

/// Stashes, the newest first.
#[tauri::command]
pub async fn git_stashes<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.stashes", bridge::Asked { request, id }).await
}

/// One page of history, the newest commit first.
#[tauri::command]
pub async fn git_log<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.log", bridge::Asked { request, id }).await
}

/// Reads the whole history.
#[tauri::command]
pub async fn git_ingest<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "git.ingest", bridge::Asked { request, id }, channel).await
}

/// A commit with its message and the files it changed.
#[tauri::command]
pub async fn git_commit<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.commit", bridge::Asked { request, id }).await
}

/// Compares files line by line.
#[tauri::command]
pub async fn git_diff<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.diff", bridge::Asked { request, id }).await
}

/// A folder at a commit.
#[tauri::command]
pub async fn git_tree<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.tree", bridge::Asked { request, id }).await
}

/// What a file at a commit is.
#[tauri::command]
pub async fn git_file_info<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.file_info", bridge::Asked { request, id }).await
}

/// The bytes of a file at a commit.
#[tauri::command]
pub async fn git_file<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.file", bridge::Asked { request, id }).await
}

/// Finds the commit each line of a file comes from.
#[tauri::command]
pub async fn git_blame<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.blame", bridge::Asked { request, id }).await
}

/// What is not committed.
#[tauri::command]
pub async fn git_status<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.status", bridge::Asked { request, id }).await
}

/// Applies a patch or writes a file in the working tree.
#[tauri::command]
pub async fn git_apply<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.apply", bridge::Asked { request, id }).await
}

/// Takes such a change back.
#[tauri::command]
pub async fn git_undo<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "git.undo", bridge::Asked { request, id }).await
}

/// Lists files of a linked folder.
#[tauri::command]
pub async fn files_scan<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "files.scan", bridge::Asked { request, id }, channel).await
}

/// The bytes of a file.
#[tauri::command]
pub async fn files_read<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "files.read", bridge::Asked { request, id }).await
}

/// Tells which files change.
#[tauri::command]
pub async fn files_watch<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "files.watch", bridge::Asked { request, id }, channel).await
}

/// The commands a person has named for a folder.
#[tauri::command]
pub async fn process_list<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "process.list", bridge::Asked { request, id }).await
}

/// Names a command, or gives a name another command.
#[tauri::command]
pub async fn process_name<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "process.name", bridge::Asked { request, id }).await
}

/// Forgets a named command.
#[tauri::command]
pub async fn process_forget<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "process.forget", bridge::Asked { request, id }).await
}

/// Starts a named command in its folder, as a job that outlives the page. Asks before the first time.
#[tauri::command]
pub async fn process_run<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "process.run", bridge::Asked { request, id }).await
}

/// Opens the database, or joins those who have it open. Answers a frame, as all that follow.
#[tauri::command]
pub async fn store_open<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.open", bridge::Asked { request, id }).await
}

/// Statements that only read, all on one state of the database.
#[tauri::command]
pub async fn store_read<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.read", bridge::Asked { request, id }).await
}

/// A transaction.
#[tauri::command]
pub async fn store_write<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.write", bridge::Asked { request, id }).await
}

/// The rows of one statement as they are found, and how it ended.
#[tauri::command]
pub async fn store_stream<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "store.stream", bridge::Asked { request, id }, channel).await
}

/// A consistent, compact copy of the file.
#[tauri::command]
pub async fn store_export<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.export", bridge::Asked { request, id }).await
}

/// What the database is.
#[tauri::command]
pub async fn store_info<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.info", bridge::Asked { request, id }).await
}

/// Asks the user where a backup goes, in a native dialog, and writes it there. Null when they chose no place.
#[tauri::command]
pub async fn store_save<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.save", bridge::Asked { request, id }).await
}

/// Asks the user for a file in a native dialog, and copies it beside the database. Null when they chose none.
#[tauri::command]
pub async fn store_take_in<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.take_in", bridge::Asked { request, id }).await
}

/// Brings the file that was taken in to the newest schema.
#[tauri::command]
pub async fn store_migrate_incoming<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.migrate_incoming", bridge::Asked { request, id }).await
}

/// A transaction of the live database with the file that was taken in beside it.
#[tauri::command]
pub async fn store_merge<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.merge", bridge::Asked { request, id }).await
}

/// The same in a new database, which then takes the place of the live one.
#[tauri::command]
pub async fn store_replace<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.replace", bridge::Asked { request, id }).await
}

/// Forgets the file that was taken in.
#[tauri::command]
pub async fn store_discard<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.discard", bridge::Asked { request, id }).await
}

/// The copies that are kept, the newest first.
#[tauri::command]
pub async fn store_copies<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "store.copies", bridge::Asked { request, id }).await
}

/// Where keys are kept, and which endpoints have one.
#[tauri::command]
pub async fn secrets_status<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "secrets.status", bridge::Asked { request, id }).await
}

/// Stores a key for the origin of an address. No command gives it back.
#[tauri::command]
pub async fn secrets_set<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "secrets.set", bridge::Asked { request, id }).await
}

/// Forgets the key of an endpoint.
#[tauri::command]
pub async fn secrets_delete<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "secrets.delete", bridge::Asked { request, id }).await
}

/// Opens the file of keys where the system has no keychain, or makes it.
#[tauri::command]
pub async fn secrets_unlock<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "secrets.unlock", bridge::Asked { request, id }).await
}

/// A request to a model server: first its head as JSON, then bytes as they come.
#[tauri::command]
pub async fn http_send<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
	channel: Channel<InvokeResponseBody>,
) -> Result<bridge::Ended, HostError> {
	bridge::stream(app, webview, "http.send", bridge::Asked { request, id }, channel).await
}

/// Opens one more window of the program.
#[tauri::command]
pub async fn window_open<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "window.open", bridge::Asked { request, id }).await
}

/// Everything of a stream up to this number was taken in.
#[tauri::command]
pub async fn stream_ack<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "stream.ack", bridge::Asked { request, id }).await
}

/// Nobody wants the rest of a stream.
#[tauri::command]
pub async fn stream_cancel<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	id: Option<String>,
) -> Result<Response, HostError> {
	bridge::whole(app, webview, "stream.cancel", bridge::Asked { request, id }).await
}

/// All of them, for `Builder::invoke_handler`.
pub fn handler<R: Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
	tauri::generate_handler![
		host_info,
		roots_list,
		roots_link,
		roots_unlink,
		jobs_list,
		jobs_watch,
		jobs_cancel,
		jobs_log,
		git_info,
		git_refs,
		git_stashes,
		git_log,
		git_ingest,
		git_commit,
		git_diff,
		git_tree,
		git_file_info,
		git_file,
		git_blame,
		git_status,
		git_apply,
		git_undo,
		files_scan,
		files_read,
		files_watch,
		process_list,
		process_name,
		process_forget,
		process_run,
		store_open,
		store_read,
		store_write,
		store_stream,
		store_export,
		store_info,
		store_save,
		store_take_in,
		store_migrate_incoming,
		store_merge,
		store_replace,
		store_discard,
		store_copies,
		secrets_status,
		secrets_set,
		secrets_delete,
		secrets_unlock,
		http_send,
		window_open,
		stream_ack,
		stream_cancel,
	]
}
