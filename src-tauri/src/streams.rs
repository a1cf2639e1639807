//! What windows have asked for and not yet been given: it ends with the page that asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stemma_jobs::{Cancel, Window};

/// By the label of the window.
#[derive(Default)]
pub struct Streams(Arc<Mutex<HashMap<String, Page>>>);

/// All that one page has asked for. Another takes its place when it is loaded anew.
#[derive(Default)]
struct Page {
	gone: Cancel,
	open: HashMap<u32, (Cancel, Arc<Window>)>,
}

/// Under way until it is dropped.
pub struct Open {
	pub cancel: Cancel,
	pub window: Arc<Window>,
	owner: String,
	channel: u32,
	pages: Arc<Mutex<HashMap<String, Page>>>,
}

impl Streams {
	pub fn open(&self, owner: &str, channel: u32) -> Open {
		let cancel = Cancel::default();
		let window = Arc::new(Window::new(&cancel));
		let mut pages = lock(&self.0);
		let page = pages.entry(owner.to_owned()).or_default();
		page.open.insert(channel, (cancel.clone(), Arc::clone(&window)));
		drop(pages);
		Open { cancel, window, owner: owner.to_owned(), channel, pages: Arc::clone(&self.0) }
	}

	/// Set once the page that asks now is gone.
	pub fn of_window(&self, owner: &str) -> Cancel {
		lock(&self.0).entry(owner.to_owned()).or_default().gone.clone()
	}

	pub fn ack(&self, owner: &str, channel: u32, seq: u64) {
		let window = self.find(owner, channel).map(|(_, window)| window);
		if let Some(window) = window {
			window.ack(seq);
		}
	}

	pub fn cancel(&self, owner: &str, channel: u32) {
		if let Some((cancel, _)) = self.find(owner, channel) {
			cancel.cancel();
		}
	}

	/// The page of this window is gone: nobody reads what it asked for.
	pub fn page_gone(&self, owner: &str) {
		let page = lock(&self.0).remove(owner);
		if let Some(page) = page {
			page.gone.cancel();
			for (cancel, _) in page.open.into_values() {
				cancel.cancel();
			}
		}
	}

	fn find(&self, owner: &str, channel: u32) -> Option<(Cancel, Arc<Window>)> {
		lock(&self.0).get(owner)?.open.get(&channel).cloned()
	}
}

impl Drop for Open {
	fn drop(&mut self) {
		let mut pages = lock(&self.pages);
		// A page that was loaded anew counts its channels from the start, too.
		if let Some(page) = pages.get_mut(&self.owner)
			&& page.open.get(&self.channel).is_some_and(|(_, window)| Arc::ptr_eq(window, &self.window))
		{
			page.open.remove(&self.channel);
		}
	}
}

fn lock(pages: &Mutex<HashMap<String, Page>>) -> MutexGuard<'_, HashMap<String, Page>> {
	pages.lock().unwrap_or_else(PoisonError::into_inner)
}
