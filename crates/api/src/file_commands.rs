//! Files of linked folders.

use stemma_proto::error::ErrorCode;
use stemma_proto::table;
use stemma_scan::Context;

use crate::Handlers;

/// What a folder could be made to hang.
pub fn enter(handlers: &mut Handlers) {
	handlers.stream::<table::FilesScan>(|call, request, sink| {
		let root = call.root(&request.root.0)?;
		let context = Context { root: &root, cancel: call.cancel.flag() };
		stemma_scan::scan(context, &request, sink).map(|_| ())
	});
	handlers.bytes::<table::FilesRead>(|call, request| {
		let root = call.root(&request.root.0)?;
		stemma_scan::read(Context { root: &root, cancel: call.cancel.flag() }, &request)
	});
}

/// Lasts as long as somebody looks, which is no work for one of a few workers.
pub fn enter_watching(handlers: &mut Handlers) {
	handlers.stream::<table::FilesWatch>(|call, request, sink| {
		let root = call.root(&request.root.0)?;
		let context = Context { root: &root, cancel: call.cancel.flag() };
		match stemma_scan::watch(context, &request, sink) {
			Err(error) if error.code == ErrorCode::Cancelled => Ok(()),
			result => result,
		}
	});
}
