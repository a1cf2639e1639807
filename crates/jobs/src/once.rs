//! What was asked for lately, so that what is asked for twice is done once.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Whoever asks again does so within moments, and nobody asks for so much meanwhile.
const REMEMBERED: usize = 4096;

#[derive(Default)]
pub struct Once(Mutex<Recent>);

#[derive(Default)]
struct Recent {
	known: HashSet<String>,
	oldest_first: VecDeque<String>,
}

impl Once {
	/// False when this was asked for before.
	pub fn take(&self, id: &str) -> bool {
		let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		if !recent.known.insert(id.to_owned()) {
			return false;
		}
		recent.oldest_first.push_back(id.to_owned());
		if recent.oldest_first.len() > REMEMBERED
			&& let Some(oldest) = recent.oldest_first.pop_front()
		{
			recent.known.remove(&oldest);
		}
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_asked_for_again_is_refused_while_it_is_remembered() {
		let once = Once::default();
		let ask = |n: usize| once.take(&n.to_string());
		assert!(ask(0));
		assert!(!ask(0));
		assert!((1..REMEMBERED).all(&ask));
		assert!(!ask(0), "it is the oldest that is known");
		assert!(ask(REMEMBERED));
		assert!(ask(0), "it made room");
	}
}
