//! The host about itself, and its linked folders.

use stemma_proto::command::Nothing;
use stemma_proto::host::HostInfo;
use stemma_proto::table;

use crate::Handlers;

pub fn enter(handlers: &mut Handlers) {
	handlers.one::<table::HostInfo>(|call, _| {
		Ok(HostInfo {
			version: env!("CARGO_PKG_VERSION").to_owned(),
			os: std::env::consts::OS.to_owned(),
			linking: call.api.context.linking,
			commands: call.api.offered(),
		})
	});
	handlers.one::<table::RootsList>(|call, _| call.roots().list());
	handlers.one::<table::RootsUnlink>(|call, request| {
		call.roots().unlink(&request.root.0)?;
		Ok(Nothing {})
	});
}
