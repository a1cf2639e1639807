use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::to_raw_value;
use stemma_jobs::{Cancel, Frame, WorkerCall, WorkerPool};
use stemma_proto::command::{Answer, Class, Command, CommandInfo};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::table::COMMANDS;

use crate::{Call, Context, file_commands, git_commands, host_commands, job_commands};

/// How long a worker may say nothing before it is taken for stuck.
const SILENCE: Duration = Duration::from_secs(60);
/// What a worker does for longer is shown among the jobs.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// Takes one part of an answer; `Break` when nobody wants more.
type Take<'a> = &'a mut dyn FnMut(Frame) -> ControlFlow<()>;
type Run = Box<dyn Fn(&Call<'_>, Value, Take<'_>) -> Result<(), HostError> + Send + Sync>;

struct Handler {
	info: CommandInfo,
	run: Run,
	in_worker: bool,
}

/// The implementations, entered by the rows of the table they belong to.
#[derive(Default)]
pub struct Handlers {
	by_name: HashMap<&'static str, Handler>,
	in_worker: bool,
}

impl Handlers {
	/// What is entered within is carried out by a child that can be killed.
	pub fn in_worker(&mut self, enter: impl FnOnce(&mut Self)) {
		self.in_worker = true;
		enter(self);
		self.in_worker = false;
	}

	pub fn one<C: Command>(
		&mut self,
		answer: impl Fn(&Call<'_>, C::Request) -> Result<C::Response, HostError> + Send + Sync + 'static,
	) {
		const { assert!(matches!(C::INFO.answer, Answer::One), "the table says otherwise") };
		self.enter::<C>(Box::new(move |call, request, take| {
			let response = answer(call, parse::<C::Request>(request)?)?;
			// Whoever asked once and left has no use for the answer.
			let _ = take(json_frame(&response)?);
			Ok(())
		}));
	}

	pub fn bytes<C: Command>(
		&mut self,
		answer: impl Fn(&Call<'_>, C::Request) -> Result<Vec<u8>, HostError> + Send + Sync + 'static,
	) {
		const { assert!(matches!(C::INFO.answer, Answer::Bytes), "the table says otherwise") };
		self.enter::<C>(Box::new(move |call, request, take| {
			let _ = take(Frame::Bytes(answer(call, parse::<C::Request>(request)?)?));
			Ok(())
		}));
	}

	/// `answer` ends early and well when its sink breaks.
	pub fn stream<C: Command>(
		&mut self,
		answer: impl Fn(
			&Call<'_>,
			C::Request,
			&mut dyn FnMut(C::Response) -> ControlFlow<()>,
		) -> Result<(), HostError>
		+ Send
		+ Sync
		+ 'static,
	) {
		const { assert!(matches!(C::INFO.answer, Answer::Stream), "the table says otherwise") };
		self.enter::<C>(Box::new(move |call, request, take| {
			let mut failure = Ok(());
			answer(call, parse::<C::Request>(request)?, &mut |batch| match json_frame(&batch) {
				Ok(frame) => take(frame),
				Err(error) => {
					failure = Err(error);
					ControlFlow::Break(())
				}
			})?;
			failure
		}));
	}

	/// As `stream`, with parts as they are.
	pub fn frames<C: Command>(
		&mut self,
		answer: impl Fn(&Call<'_>, C::Request, &mut dyn FnMut(Frame) -> ControlFlow<()>) -> Result<(), HostError>
		+ Send
		+ Sync
		+ 'static,
	) {
		const { assert!(matches!(C::INFO.answer, Answer::Frames), "the table says otherwise") };
		self.enter::<C>(Box::new(move |call, request, take| {
			answer(call, parse::<C::Request>(request)?, take)
		}));
	}

	fn enter<C: Command>(&mut self, run: Run) {
		let handler = Handler { info: C::INFO, run, in_worker: self.in_worker };
		self.by_name.insert(C::INFO.name, handler);
	}
}

/// A host ready to be asked. Whoever holds it decides how requests come and answers go.
pub struct Api {
	pub context: Context,
	handlers: Handlers,
}

impl Api {
	/// `more` enters what only this host can do, such as asking in a native dialog.
	pub fn new(context: Context, more: impl FnOnce(&mut Handlers)) -> Arc<Self> {
		let mut handlers = Handlers::default();
		host_commands::enter(&mut handlers);
		job_commands::enter(&mut handlers);
		handlers.in_worker(git_commands::enter);
		handlers.in_worker(file_commands::enter);
		file_commands::enter_watching(&mut handlers);
		more(&mut handlers);
		Arc::new(Self { context, handlers })
	}

	/// The row of a command this host has and offers.
	pub fn find(&self, command: &str) -> Option<&CommandInfo> {
		let info = &self.handlers.by_name.get(command)?.info;
		self.context.consent.offers(info.class).then_some(info)
	}

	/// Names of everything this host has and offers, in the order of the table.
	pub fn offered(&self) -> Vec<String> {
		COMMANDS.iter().filter_map(|row| self.find(row.info.name)).map(|info| info.name.to_owned()).collect()
	}

	/// Carries out a command. Blocks until it is over; parts of the answer go to `take`, for other than streams
	/// exactly one.
	pub fn call(
		&self,
		command: &str,
		request: Value,
		owner: Option<&str>,
		cancel: &Cancel,
		take: Take<'_>,
	) -> Result<(), HostError> {
		let handler = self.handlers.by_name.get(command).ok_or_else(unknown)?;
		let consent = &self.context.consent;
		if !consent.offers(handler.info.class) {
			return Err(unknown());
		}
		let asked = Call { api: self, owner, cancel };
		if handler.info.class.needs_confirmation() && !consent.allows(&asked, &handler.info, &request)? {
			return Err(HostError::new(ErrorCode::Denied, "This was not confirmed, so nothing was done."));
		}
		let run = || match &self.context.workers {
			Some(workers) if handler.in_worker => {
				self.forward(workers, &handler.info, &request, owner, cancel, take)
			}
			_ => (handler.run)(&Call { api: self, owner, cancel }, request.clone(), take),
		};
		// A defect in one command is no reason to take the others along.
		let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
			Err(HostError::new(
				ErrorCode::Internal,
				"The host met a defect of its own. Nothing else is affected.",
			))
		});
		if cancel.is_cancelled() && result.is_err() {
			return Err(HostError::new(ErrorCode::Cancelled, "Stopped."));
		}
		result
	}

	fn forward(
		&self,
		workers: &WorkerPool,
		info: &CommandInfo,
		request: &Value,
		owner: Option<&str>,
		cancel: &Cancel,
		take: Take<'_>,
	) -> Result<(), HostError> {
		let (over, ended) = channel::<Result<(), HostError>>();
		let (jobs, cancel_job) = (self.context.jobs.clone(), cancel.clone());
		let (kind, label, owner) = (info.name, info.doc.trim(), owner.map(str::to_owned));
		std::thread::spawn(move || {
			if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(NOTICEABLE) {
				let job = jobs.start(kind, label, owner.as_deref(), &cancel_job);
				if let Ok(result) = ended.recv() {
					job.end(&result);
				}
			}
		});
		let may_repeat = info.class == Class::Read;
		let call = WorkerCall { command: info.name, request, silence: SILENCE, may_repeat };
		let result = workers.call(&call, cancel, take);
		// Nobody listens any more when it was over soon.
		let _ = over.send(result.clone());
		result
	}
}

fn parse<T: DeserializeOwned>(request: Value) -> Result<T, HostError> {
	let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
	serde_json::from_value(request).map_err(|error| {
		HostError::new(ErrorCode::Invalid, format!("The request was not understood: {error}."))
	})
}

fn json_frame(value: &impl Serialize) -> Result<Frame, HostError> {
	to_raw_value(value)
		.map(Frame::Value)
		.map_err(|_| HostError::new(ErrorCode::Internal, "An answer could not be written as JSON."))
}

fn unknown() -> HostError {
	HostError::new(ErrorCode::Denied, "This host does not do that.")
}

#[cfg(test)]
mod tests {
	use std::path::Path;
	use std::sync::Mutex;

	use serde_json::json;
	use stemma_jobs::OwnBinary;
	use stemma_proto::command::Place;
	use stemma_proto::host::Linking;
	use stemma_proto::table;

	use super::*;
	use crate::{Consent, NoConsent};

	fn api(data: &Path, consent: Box<dyn Consent>, more: impl FnOnce(&mut Handlers)) -> Arc<Api> {
		let context = Context::host(data.into(), OwnBinary::at("/nonexistent"), Linking::StartFlag, consent);
		Api::new(context, more)
	}

	fn answers(api: &Api, command: &str, request: Value) -> Result<Vec<Value>, HostError> {
		let mut parts = Vec::new();
		api.call(command, request, None, &Cancel::default(), &mut |frame| {
			if let Frame::Value(value) = frame {
				parts.push(serde_json::from_str(value.get()).unwrap());
			}
			ControlFlow::Continue(())
		})?;
		Ok(parts)
	}

	#[test]
	fn every_row_of_the_table_that_needs_no_window_is_implemented() {
		let data = tempfile::tempdir().unwrap();
		let api = api(data.path(), Box::new(NoConsent), |_| {});
		for row in COMMANDS.iter().filter(|row| row.info.place == Place::Everywhere) {
			assert!(
				api.handlers.by_name.contains_key(row.info.name),
				"{} has no implementation",
				row.info.name
			);
		}
	}

	#[test]
	fn what_the_host_offers_it_says_and_nothing_more() {
		let data = tempfile::tempdir().unwrap();
		let api = api(data.path(), Box::new(NoConsent), |_| {});
		let info = answers(&api, "host.info", Value::Null).unwrap().remove(0);
		let commands: Vec<&str> =
			info["commands"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
		assert!(commands.contains(&"jobs.list"));
		assert!(!commands.contains(&"roots.link"), "there is no window to ask in");
		for unknown in ["roots.link", "jobs", "constructor", ""] {
			assert_eq!(answers(&api, unknown, Value::Null).unwrap_err().code, ErrorCode::Denied, "{unknown}");
		}
	}

	#[test]
	fn a_request_that_does_not_fit_changes_nothing() {
		let data = tempfile::tempdir().unwrap();
		let api = api(data.path(), Box::new(NoConsent), |_| {});
		for wrong in [json!({}), json!({"root": 1}), json!({"root": "x", "more": 1}), json!([]), json!("x")] {
			assert_eq!(answers(&api, "roots.unlink", wrong).unwrap_err().code, ErrorCode::Invalid);
		}
	}

	#[test]
	fn a_defect_of_one_command_stays_its_own() {
		let data = tempfile::tempdir().unwrap();
		let api = api(data.path(), Box::new(NoConsent), |handlers| {
			handlers.one::<table::RootsLink>(|_, _| panic!("a defect"));
		});
		assert_eq!(answers(&api, "roots.link", Value::Null).unwrap_err().code, ErrorCode::Internal);
		assert!(answers(&api, "jobs.list", Value::Null).is_ok());
	}

	/// A row of the classes that need a yes.
	struct Risky;

	impl Command for Risky {
		const INFO: CommandInfo = CommandInfo {
			name: "test.risky",
			class: Class::Exec,
			answer: Answer::One,
			place: Place::Everywhere,
			doc: "Does something.",
		};
		type Request = Value;
		type Response = bool;
	}

	struct Asked(Arc<Mutex<Vec<Value>>>, bool);

	impl Consent for Asked {
		fn offers(&self, _class: Class) -> bool {
			true
		}

		fn allows(&self, _: &Call<'_>, _: &CommandInfo, request: &Value) -> Result<bool, HostError> {
			self.0.lock().unwrap().push(request.clone());
			Ok(self.1)
		}
	}

	#[test]
	fn a_program_is_started_after_a_yes_outside_the_page_only() {
		let data = tempfile::tempdir().unwrap();
		let risky = |handlers: &mut Handlers| handlers.one::<Risky>(|_, _| Ok(true));
		let nobody = api(data.path(), Box::new(NoConsent), risky);
		assert_eq!(answers(&nobody, "test.risky", json!({})).unwrap_err().code, ErrorCode::Denied);
		for answer in [false, true] {
			let asked = Arc::new(Mutex::new(Vec::new()));
			let somebody = api(data.path(), Box::new(Asked(Arc::clone(&asked), answer)), risky);
			let result = answers(&somebody, "test.risky", json!({"argv": ["make"]}));
			assert_eq!(result.is_ok(), answer);
			assert_eq!(*asked.lock().unwrap(), [json!({"argv": ["make"]})], "asked about this very request");
			answers(&somebody, "jobs.list", Value::Null).unwrap();
			assert_eq!(asked.lock().unwrap().len(), 1, "reading asks nobody");
		}
	}
}
