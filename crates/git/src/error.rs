use stemma_paths::PathError;
use stemma_proto::error::{ErrorCode, HostError};

#[derive(Debug, thiserror::Error)]
pub enum GitError {
	#[error("There is no Git repository at the top of this folder.")]
	NoRepository,
	#[error("The repository reaches outside its folder ({0}). It is read only after you agree.")]
	ReachesOut(String),
	/// Something in `.git` that no Git writes; reading it could hang or fill the memory.
	#[error("The repository is not read: {0}.")]
	Suspicious(String),
	#[error("There is no {what} “{name}” in this repository.")]
	Missing { what: &'static str, name: String },
	#[error("“{0}” is neither an object id nor a full ref name.")]
	BadRevision(String),
	#[error("{0}")]
	Invalid(String),
	#[error("{what} has {size} bytes; at most {cap} are read.")]
	TooLarge { what: String, size: u64, cap: u64 },
	#[error("{0}")]
	Unsupported(String),
	#[error("{0}")]
	Conflict(String),
	#[error("Git took longer than {0} seconds and was stopped.")]
	TimedOut(u64),
	#[error("Stopped.")]
	Cancelled,
	#[error(transparent)]
	Path(#[from] PathError),
	#[error("The repository could not be read: {0}.")]
	Read(String),
}

impl From<gix::Error> for GitError {
	fn from(error: gix::Error) -> Self {
		Self::Read(plain(&error.to_string()))
	}
}

impl From<GitError> for HostError {
	fn from(error: GitError) -> Self {
		let code = match error {
			GitError::Path(path) => return path.into(),
			GitError::NoRepository | GitError::Missing { .. } => ErrorCode::NotFound,
			GitError::ReachesOut(_) => ErrorCode::OutsideRoot,
			GitError::Suspicious(_) | GitError::Unsupported(_) => ErrorCode::Unsupported,
			GitError::BadRevision(_) | GitError::Invalid(_) => ErrorCode::Invalid,
			GitError::TooLarge { .. } => ErrorCode::TooLarge,
			GitError::Conflict(_) => ErrorCode::Conflict,
			GitError::TimedOut(_) => ErrorCode::TimedOut,
			GitError::Cancelled => ErrorCode::Cancelled,
			GitError::Read(_) => ErrorCode::Internal,
		};
		// What does not fit now will not fit when it is sent again.
		Self { retryable: false, ..Self::new(code, error.to_string()) }
	}
}

/// A library's sentence without the path it may hold and without its own full stop.
fn plain(message: &str) -> String {
	let words = message.split_whitespace().map(|word| if word.contains("/") { "…" } else { word });
	words.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}
