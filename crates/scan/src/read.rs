use stemma_paths::RelPath;
use stemma_proto::error::HostError;
use stemma_proto::files::ReadRequest;

use crate::Context;

const DEFAULT_MAX_BYTES: u64 = 8 << 20;
const MAX_BYTES: u64 = 64 << 20;

/// The bytes of a regular file. A link to it is followed only beneath the root.
pub fn read(context: Context<'_>, request: &ReadRequest) -> Result<Vec<u8>, HostError> {
	context.root.check()?;
	let cap = request.max_bytes.unwrap_or(DEFAULT_MAX_BYTES).min(MAX_BYTES);
	Ok(context.root.read_file(&RelPath::parse(&request.path)?, cap)?)
}
