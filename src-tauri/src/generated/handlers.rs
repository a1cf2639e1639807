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
) -> Result<Response, HostError> {
	bridge::one(app, webview, "host.info", request).await
}

/// The folders that may be read, as the user linked them.
#[tauri::command]
pub async fn roots_list<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
) -> Result<Response, HostError> {
	bridge::one(app, webview, "roots.list", request).await
}

/// Asks the user for a folder in a native dialog and links it. Null when they chose none.
#[tauri::command]
pub async fn roots_link<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
) -> Result<Response, HostError> {
	bridge::one(app, webview, "roots.link", request).await
}

/// Forgets a linked folder. The folder itself is not touched.
#[tauri::command]
pub async fn roots_unlink<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
) -> Result<Response, HostError> {
	bridge::one(app, webview, "roots.unlink", request).await
}

/// What runs, and what ended lately.
#[tauri::command]
pub async fn jobs_list<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
) -> Result<Response, HostError> {
	bridge::one(app, webview, "jobs.list", request).await
}

/// The same at once and again after every change, a few times a second at most.
#[tauri::command]
pub async fn jobs_watch<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	channel: Channel<InvokeResponseBody>,
) -> Result<(), HostError> {
	bridge::stream(app, webview, "jobs.watch", request, channel).await
}

/// Stops a job. Nothing happens to one that has ended.
#[tauri::command]
pub async fn jobs_cancel<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
) -> Result<Response, HostError> {
	bridge::one(app, webview, "jobs.cancel", request).await
}

/// What a job has said and says until it ends.
#[tauri::command]
pub async fn jobs_log<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	request: Value,
	channel: Channel<InvokeResponseBody>,
) -> Result<(), HostError> {
	bridge::stream(app, webview, "jobs.log", request, channel).await
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
	]
}
