//! Repositories in linked folders. All of this runs in a worker: a library that is made to hang or to fill the
//! memory ends there.

use stemma_git::{Context, Reach};
use stemma_proto::command::Command;
use stemma_proto::error::HostError;
use stemma_proto::git::{
	ApplyRequest, BlameRequest, CommitRequest, DiffRequest, FileAtRequest, HistoryRequest, IngestRequest,
	RepositoryRequest, StatusRequest, TreeRequest, UndoRequest,
};
use stemma_proto::roots::RootId;
use stemma_proto::table;

use crate::{Call, Handlers};

pub fn enter(handlers: &mut Handlers) {
	one::<table::GitInfo>(handlers, stemma_git::info);
	one::<table::GitRefs>(handlers, stemma_git::refs);
	one::<table::GitStashes>(handlers, stemma_git::stashes);
	one::<table::GitLog>(handlers, stemma_git::log);
	one::<table::GitCommit>(handlers, stemma_git::commit);
	one::<table::GitDiff>(handlers, stemma_git::diff);
	one::<table::GitTree>(handlers, stemma_git::tree);
	one::<table::GitFileInfo>(handlers, stemma_git::file_info);
	one::<table::GitBlame>(handlers, stemma_git::blame);
	one::<table::GitStatus>(handlers, stemma_git::status);
	one::<table::GitApply>(handlers, stemma_git::apply);
	one::<table::GitUndo>(handlers, stemma_git::undo);
	handlers.bytes::<table::GitFile>(|call, request| with(call, &request, stemma_git::file));
	handlers.stream::<table::GitIngest>(|call, request, sink| {
		let mut left = false;
		let result = with(call, &request, |context, request| {
			stemma_git::ingest(context, request, &mut |batch| {
				let flow = sink(batch);
				left = flow.is_break();
				flow
			})
		});
		if left { Ok(()) } else { result.map(|_| ()) }
	});
}

/// A request about one linked folder.
trait InRoot {
	fn root(&self) -> &RootId;
}

macro_rules! in_root {
	($($request:ty),+) => {
		$(impl InRoot for $request {
			fn root(&self) -> &RootId {
				&self.root
			}
		})+
	};
}

in_root!(
	ApplyRequest,
	BlameRequest,
	CommitRequest,
	DiffRequest,
	FileAtRequest,
	HistoryRequest,
	IngestRequest,
	RepositoryRequest,
	StatusRequest,
	TreeRequest,
	UndoRequest
);

fn one<C: Command<Request: InRoot>>(
	handlers: &mut Handlers,
	answer: fn(Context<'_>, &C::Request) -> Result<C::Response, HostError>,
) {
	handlers.one::<C>(move |call, request| with(call, &request, answer));
}

fn with<Request: InRoot, Response>(
	call: &Call<'_>,
	request: &Request,
	answer: impl FnOnce(Context<'_>, &Request) -> Result<Response, HostError>,
) -> Result<Response, HostError> {
	let id = &request.root().0;
	let root = call.root(id)?;
	let reach = if call.roots().may_reach_out(id)? { Reach::Anywhere } else { Reach::Inside };
	answer(Context { root: &root, reach, cancel: call.cancel.flag() }, request)
}
