//! What the desktop shell needs of the table: handlers, the list for its manifest, permissions, capabilities.

use stemma_proto::command::{Answer, Class, CommandInfo};
use stemma_proto::table::COMMANDS;

use crate::Generated;

const NOTE: &str = "Made by `cargo run -p stemma-proto --bin generate`; do not edit.";

pub fn files() -> Vec<Generated> {
	vec![
		Generated { path: "src-tauri/src/generated/handlers.rs", text: handlers() },
		Generated { path: "src-tauri/src/generated/names.rs", text: names() },
		Generated { path: "src-tauri/permissions/commands.toml", text: permissions() },
		Generated {
			path: "src-tauri/capabilities/main.json",
			text: capability("main", &["main", "main-*"], "all-commands"),
		},
		Generated {
			path: "src-tauri/capabilities/viewer.json",
			text: capability("viewer", &["viewer-*"], "read-commands"),
		},
	]
}

fn infos() -> impl Iterator<Item = &'static CommandInfo> {
	COMMANDS.iter().map(|row| &row.info)
}

/// Every command is a Tauri command of its own, so that each has a permission of its own.
fn handlers() -> String {
	let mut text = format!(
		"//! {NOTE}\n\nuse serde_json::Value;\nuse stemma_proto::error::HostError;\nuse tauri::ipc::{{Channel, InvokeResponseBody, Response}};\nuse tauri::{{AppHandle, Runtime, Webview}};\n\nuse crate::bridge;\n"
	);
	for info in infos() {
		let (channel, argument) = match info.answer {
			Answer::Stream | Answer::Frames => ("\tchannel: Channel<InvokeResponseBody>,\n", ", channel"),
			Answer::One | Answer::Bytes => ("", ""),
		};
		let (called, answered) = match info.answer {
			Answer::One | Answer::Bytes => ("whole", "Response"),
			Answer::Stream | Answer::Frames => ("stream", "bridge::Ended"),
		};
		text += &format!(
			"\n/// {}\n#[tauri::command]\npub async fn {}<R: Runtime>(\n\tapp: AppHandle<R>,\n\twebview: Webview<R>,\n\trequest: Value,\n\tid: Option<String>,\n{channel}) -> Result<{answered}, HostError> {{\n\tbridge::{called}(app, webview, \"{}\", bridge::Asked {{ request, id }}{argument}).await\n}}\n",
			info.doc.trim(),
			info.identifier(),
			info.name
		);
	}
	text += "\n/// All of them, for `Builder::invoke_handler`.\npub fn handler<R: Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {\n\ttauri::generate_handler![\n";
	for info in infos() {
		text += &format!("\t\t{},\n", info.identifier());
	}
	text += "\t]\n}\n";
	text
}

/// Read by `build.rs` with `include!`: what is not in the manifest is not checked.
fn names() -> String {
	let lines: String = infos().map(|info| format!("\t\"{}\",\n", info.identifier())).collect();
	format!("// {NOTE}\n&[\n{lines}]\n")
}

fn permissions() -> String {
	let set = |name: &str, description: &str, chosen: &dyn Fn(&CommandInfo) -> bool| {
		let lines: String = infos()
			.filter(|info| chosen(info))
			.map(|info| format!("\t\"allow-{}\",\n", info.identifier().replace('_', "-")))
			.collect();
		format!(
			"\n[[set]]\nidentifier = \"{name}\"\ndescription = \"{description}\"\npermissions = [\n{lines}]\n"
		)
	};
	let read = set("read-commands", "Commands that change nothing.", &|info| info.class == Class::Read);
	let all = set("all-commands", "Every command of the table.", &|_| true);
	format!("# {NOTE}\n{read}{all}")
}

fn capability(identifier: &str, windows: &[&str], set: &str) -> String {
	let windows = windows.iter().map(|window| format!("\"{window}\"")).collect::<Vec<_>>().join(", ");
	format!(
		"{{\n  \"identifier\": \"{identifier}\",\n  \"description\": \"{NOTE}\",\n  \"windows\": [{windows}],\n  \"permissions\": [\"core:event:allow-listen\", \"core:event:allow-unlisten\", \"{set}\"]\n}}\n"
	)
}
