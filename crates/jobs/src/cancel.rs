use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type HookFn = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
	flag: AtomicBool,
	next: AtomicU64,
	hooks: Mutex<Vec<(u64, HookFn)>>,
}

/// Says once and for all that nobody wants a piece of work any more. Clones are the same one.
///
/// Loops look at the flag; whatever waits (for room, for a child) leaves a hook that wakes it.
#[derive(Clone, Default)]
pub struct Cancel(Arc<State>);

/// A hook is forgotten when this goes.
pub struct Hook {
	id: u64,
	state: Arc<State>,
}

impl Cancel {
	/// For code that knows nothing of us and looks at a flag now and then.
	pub fn flag(&self) -> &AtomicBool {
		&self.0.flag
	}

	pub fn is_cancelled(&self) -> bool {
		self.0.flag.load(Ordering::SeqCst)
	}

	pub fn cancel(&self) {
		self.0.flag.store(true, Ordering::SeqCst);
		let hooks = std::mem::take(&mut *self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner));
		for (_, hook) in hooks {
			hook();
		}
	}

	/// Runs `hook` when cancelled, at once if that was so already. It must not wait for anything.
	pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> Hook {
		let id = self.0.next.fetch_add(1, Ordering::Relaxed);
		let mut hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
		if self.is_cancelled() {
			drop(hooks);
			hook();
		} else {
			hooks.push((id, Box::new(hook)));
		}
		Hook { id, state: Arc::clone(&self.0) }
	}
}

impl Drop for Hook {
	fn drop(&mut self) {
		self.state.hooks.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, _)| *id != self.id);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn counted() -> (Arc<AtomicU64>, impl FnOnce() + Send + 'static) {
		let count = Arc::new(AtomicU64::new(0));
		let inner = Arc::clone(&count);
		(count, move || {
			inner.fetch_add(1, Ordering::SeqCst);
		})
	}

	#[test]
	fn hooks_run_once_whenever_they_are_left() {
		let cancel = Cancel::default();
		let (before, hook) = counted();
		let _kept = cancel.on_cancel(hook);
		cancel.cancel();
		cancel.cancel();
		let (after, hook) = counted();
		let _late = cancel.on_cancel(hook);
		assert_eq!((before.load(Ordering::SeqCst), after.load(Ordering::SeqCst)), (1, 1));
	}

	#[test]
	fn a_dropped_hook_is_forgotten() {
		let cancel = Cancel::default();
		let (count, hook) = counted();
		drop(cancel.on_cancel(hook));
		cancel.cancel();
		assert_eq!(count.load(Ordering::SeqCst), 0);
	}
}
