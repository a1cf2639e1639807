//! What runs, for whoever wants to see or stop it.

use std::ops::ControlFlow;
use std::time::Duration;

use stemma_proto::command::Nothing;
use stemma_proto::table;

use crate::Handlers;

/// How often a watcher hears of changes at most.
const PACE: Duration = Duration::from_millis(200);
/// How often a watcher that hears nothing is looked after: its end wakes nobody here.
const GLANCE: Duration = Duration::from_millis(100);

pub fn enter(handlers: &mut Handlers) {
	handlers.one::<table::JobsList>(|call, _| Ok(call.jobs().list()));
	handlers.one::<table::JobsCancel>(|call, request| {
		call.jobs().cancel(&request.job)?;
		Ok(Nothing {})
	});
	handlers.stream::<table::JobsWatch>(|call, _, sink| {
		let (mut jobs, mut seen) = call.jobs().snapshot();
		loop {
			if sink(jobs).is_break() {
				return Ok(());
			}
			std::thread::sleep(PACE);
			(jobs, seen) = loop {
				if call.cancel.is_cancelled() {
					return Ok(());
				}
				if let Some(changed) = call.jobs().changed_since(seen, GLANCE) {
					break changed;
				}
			};
		}
	});
	handlers.stream::<table::JobsLog>(|call, request, sink| {
		let mut from = 0;
		while !call.cancel.is_cancelled() {
			let log = call.jobs().log(&request.job, from, GLANCE)?;
			let is_over = log.is_over;
			from = log.next;
			if !log.batch.lines.is_empty() && sink(log.batch) == ControlFlow::Break(()) {
				return Ok(());
			}
			if is_over {
				return Ok(());
			}
		}
		Ok(())
	});
}
