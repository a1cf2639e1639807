use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use stemma_proto::wire::WINDOW_ITEMS;

use crate::{Cancel, Hook};

/// A stream pauses when this much is not acknowledged, however few items it is.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// The reader of a stream is gone or wants no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

#[derive(Default)]
struct State {
	sent: u64,
	/// Sizes of the items that were sent and not acknowledged, oldest first.
	open: VecDeque<usize>,
	open_bytes: usize,
}

/// What keeps a fast producer from flooding a slow reader: items are numbered, and the producer waits while
/// too many of them are on their way. It begins with one and may have one more on the way for each that was
/// acknowledged: a reader that has little to do gets the first item before it has to take in the others.
pub struct Window {
	shared: Arc<(Mutex<State>, Condvar)>,
	cancel: Cancel,
	_hook: Hook,
}

impl Window {
	pub fn new(cancel: &Cancel) -> Self {
		let shared = Arc::<(Mutex<State>, Condvar)>::default();
		let waker = Arc::clone(&shared);
		let hook = cancel.on_cancel(move || {
			// Held, so that the notice cannot fall between a look at the flag and the wait.
			let _held = lock(&waker.0);
			waker.1.notify_all();
		});
		Self { shared, cancel: cancel.clone(), _hook: hook }
	}

	/// Waits until there is room for one more item, and gives it its number, from 1.
	pub fn reserve(&self, bytes: usize) -> Result<u64, Stopped> {
		let mut state = lock(&self.shared.0);
		loop {
			if self.cancel.is_cancelled() {
				return Err(Stopped);
			}
			let open = state.open.len() as u64;
			let most = WINDOW_ITEMS.min(1 + state.sent - open);
			let has_room = open < most && state.open_bytes + bytes <= WINDOW_BYTES;
			// An item larger than the window goes alone.
			if has_room || state.open.is_empty() {
				state.sent += 1;
				state.open.push_back(bytes);
				state.open_bytes += bytes;
				return Ok(state.sent);
			}
			state = self.shared.1.wait(state).unwrap_or_else(PoisonError::into_inner);
		}
	}

	/// Everything up to `seq` was taken in. Numbers that were acknowledged before or not sent change nothing.
	pub fn ack(&self, seq: u64) {
		let mut state = lock(&self.shared.0);
		let seq = seq.min(state.sent);
		while state.sent - (state.open.len() as u64) < seq {
			let Some(bytes) = state.open.pop_front() else { break };
			state.open_bytes -= bytes;
		}
		drop(state);
		self.shared.1.notify_all();
	}
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
	state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
	use std::sync::mpsc;
	use std::time::{Duration, Instant};

	use super::*;

	/// Sends `count` items as fast as it may and says how it ended.
	fn produce(window: &Arc<Window>, count: u64, bytes: usize) -> mpsc::Receiver<u64> {
		let (sender, items) = mpsc::channel();
		let window = Arc::clone(window);
		std::thread::spawn(move || {
			for _ in 0..count {
				let Ok(seq) = window.reserve(bytes) else { return };
				if sender.send(seq).is_err() {
					return;
				}
			}
		});
		items
	}

	#[test]
	fn two_hundred_thousand_items_are_never_more_than_a_window_ahead() {
		let window = Arc::new(Window::new(&Cancel::default()));
		let items = produce(&window, 200_000, 10);
		let mut acked = 0;
		for expected in 1..=200_000 {
			let seq = items.recv().unwrap();
			assert_eq!(seq, expected, "items are numbered without gaps");
			assert!(seq <= acked + WINDOW_ITEMS, "{seq} was sent while only {acked} were acknowledged");
			if seq == 2 * acked + 1 || seq.is_multiple_of(100) {
				window.ack(seq);
				acked = seq;
			}
		}
		assert!(items.recv().is_err(), "the producer ends after its last item");
	}

	#[test]
	fn a_stream_begins_with_one_item_and_one_more_for_each_that_was_taken() {
		let window = Arc::new(Window::new(&Cancel::default()));
		let items = produce(&window, 1_000, 10);
		let mut sent = 0;
		for more in [1, 2, 4, 8] {
			sent += more;
			assert_eq!(items.iter().take(more as usize).last(), Some(sent));
			assert!(items.recv_timeout(Duration::from_millis(20)).is_err(), "only {more} are on the way");
			window.ack(sent);
		}
	}

	#[test]
	fn large_items_pause_by_their_bytes() {
		let window = Arc::new(Window::new(&Cancel::default()));
		let items = produce(&window, 10, WINDOW_BYTES / 2);
		assert_eq!(items.recv().unwrap(), 1);
		window.ack(1);
		assert_eq!(items.recv().unwrap(), 2);
		window.ack(2);
		assert_eq!((items.recv().unwrap(), items.recv().unwrap()), (3, 4));
		assert!(items.recv_timeout(Duration::from_millis(50)).is_err(), "a third would exceed the window");
		window.ack(3);
		assert_eq!(items.recv().unwrap(), 5);
	}

	#[test]
	fn one_item_larger_than_the_window_passes_alone() {
		let window = Window::new(&Cancel::default());
		assert_eq!(window.reserve(WINDOW_BYTES * 2), Ok(1));
		window.ack(1);
		assert_eq!(window.reserve(WINDOW_BYTES * 2), Ok(2));
	}

	#[test]
	fn a_reader_that_leaves_stops_a_waiting_producer() {
		let cancel = Cancel::default();
		let window = Arc::new(Window::new(&cancel));
		let items = produce(&window, 1_000, 1);
		assert_eq!(items.recv(), Ok(1));
		let start = Instant::now();
		cancel.cancel();
		assert!(items.recv().is_err(), "nothing more is sent");
		// Wakes by a notice, not by a timer; the limit only tells the two apart on a busy machine.
		assert!(start.elapsed() < Duration::from_secs(1));
	}

	#[test]
	fn foreign_numbers_of_acknowledgements_change_nothing() {
		let window = Window::new(&Cancel::default());
		window.ack(5);
		assert_eq!(window.reserve(1), Ok(1));
		window.ack(99);
		window.ack(0);
		assert_eq!(window.reserve(1), Ok(2));
	}
}
