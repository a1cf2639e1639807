//! From a Tauri command to the host's table: the same for every command, so that none is written by hand.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use stemma_jobs::Frame;
use stemma_proto::error::{ErrorCode, HostError};
use tauri::ipc::{Channel, InvokeResponseBody, Response};
use tauri::{AppHandle, Manager, Runtime, Webview};

use crate::desktop::Desktop;

/// The end of a stream. The answer may overtake the items, so it says how many there are.
#[derive(Serialize)]
pub struct Ended {
	sent: u64,
	error: Option<HostError>,
}

/// What a page asks for. A webview whose page goes while it waits for an answer asks once more, under the same id.
pub struct Asked {
	pub request: Value,
	pub id: Option<String>,
}

pub async fn whole<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	command: &'static str,
	Asked { request, id }: Asked,
) -> Result<Response, HostError> {
	let desktop = desktop(&app);
	let owner = webview.label().to_owned();
	blocking(move || {
		once(&desktop, id.as_deref())?;
		let cancel = desktop.streams.of_window(&owner);
		let mut answer = None;
		desktop.api.call(command, request, Some(&owner), &cancel, &mut |frame| {
			answer = Some(frame);
			ControlFlow::Continue(())
		})?;
		let frame = answer.ok_or_else(|| HostError::new(ErrorCode::Internal, "There was no answer."))?;
		Ok(Response::new(body(frame)))
	})
	.await
}

pub async fn stream<R: Runtime>(
	app: AppHandle<R>,
	webview: Webview<R>,
	command: &'static str,
	Asked { request, id }: Asked,
	channel: Channel<InvokeResponseBody>,
) -> Result<Ended, HostError> {
	let desktop = desktop(&app);
	let owner = webview.label().to_owned();
	blocking(move || {
		once(&desktop, id.as_deref())?;
		let open = desktop.streams.open(&owner, channel.id());
		let mut sent = 0;
		let result = desktop.api.call(command, request, Some(&owner), &open.cancel, &mut |frame| {
			let size = match &frame {
				Frame::Value(value) => value.get().len(),
				Frame::Bytes(bytes) => bytes.len(),
			};
			// Waits for the page: a channel has no end to what it takes in.
			if open.window.reserve(size).is_err() || channel.send(body(frame)).is_err() {
				return ControlFlow::Break(());
			}
			sent += 1;
			ControlFlow::Continue(())
		});
		Ok(Ended { sent, error: result.err() })
	})
	.await
}

/// Without an id nobody can tell.
fn once(desktop: &Desktop, id: Option<&str>) -> Result<(), HostError> {
	if id.is_none_or(|id| desktop.once.take(id)) {
		Ok(())
	} else {
		Err(HostError::new(ErrorCode::Cancelled, "This was asked for already."))
	}
}

fn desktop<R: Runtime>(app: &AppHandle<R>) -> Arc<Desktop> {
	Arc::clone(&app.state::<Arc<Desktop>>())
}

fn body(frame: Frame) -> InvokeResponseBody {
	match frame {
		Frame::Value(value) => InvokeResponseBody::Json(value.get().to_owned()),
		Frame::Bytes(bytes) => InvokeResponseBody::Raw(bytes),
	}
}

async fn blocking<T: Send + 'static>(
	work: impl FnOnce() -> Result<T, HostError> + Send + 'static,
) -> Result<T, HostError> {
	let lost = |_| HostError::new(ErrorCode::Internal, "The program met a defect of its own.");
	tauri::async_runtime::spawn_blocking(work).await.map_err(lost)?
}
