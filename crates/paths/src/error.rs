use stemma_proto::error::{ErrorCode, HostError};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
	#[error("“{path}” is not a path inside the folder: {reason}.")]
	Name { path: String, reason: &'static str },
	#[error("“{0}” leads out of the linked folder.")]
	Outside(String),
	#[error("There is no “{0}” in the linked folder.")]
	Missing(String),
	#[error("“{0}” is not a regular file.")]
	NotAFile(String),
	#[error("“{0}” is not a folder.")]
	NotAFolder(String),
	#[error("“{path}” has {size} bytes; at most {cap} are read.")]
	TooLarge { path: String, size: u64, cap: u64 },
	#[error("The linked folder was replaced or is gone. Link it again.")]
	RootLost,
	#[error("“{0}” is being changed at this moment. Try again.")]
	Busy(String),
	#[error("“{path}”: {cause}.")]
	Io { path: String, cause: String },
}

impl From<PathError> for HostError {
	fn from(error: PathError) -> Self {
		let code = match &error {
			PathError::Name { .. } | PathError::Outside(_) => ErrorCode::OutsideRoot,
			PathError::Missing(_) => ErrorCode::NotFound,
			PathError::NotAFile(_) | PathError::NotAFolder(_) => ErrorCode::Unsupported,
			PathError::TooLarge { .. } => ErrorCode::TooLarge,
			PathError::RootLost => ErrorCode::RootLost,
			PathError::Busy(_) => ErrorCode::Conflict,
			PathError::Io { .. } => ErrorCode::Internal,
		};
		Self::new(code, error.to_string())
	}
}
