use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, redirect};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::http::{HttpHead, HttpMethod, HttpRequest};
use stemma_secrets::{Secrets, Zeroizing, origin_of};
use tokio::runtime::Runtime;
use url::Url;

/// What a page has in place of a stored key.
const STAND_IN: &str = "Bearer stemma-key:";
/// What a page may say to a model server. Everything else is ours to say, or nobody's.
const SENT: &[&str] = &["accept", "content-type", "http-referer", "x-title"];
/// What a page has a use for.
const ANSWERED: &[&str] = &["content-type", "retry-after", "x-generation-id", "x-provider-name"];

const LARGEST_REQUEST: usize = 64 << 20;
const LARGEST_ANSWER: usize = 64 << 20;
const LARGEST_REFUSAL: usize = 64 << 10;
const CONNECT: Duration = Duration::from_secs(30);
/// How often it is looked whether the request is still wanted.
const LOOK: Duration = Duration::from_millis(25);

pub enum Frame {
	/// Once, before any bytes.
	Head(HttpHead),
	Bytes(Vec<u8>),
}

pub struct Http {
	runtime: Runtime,
	client: Client,
	secrets: Arc<Secrets>,
}

impl Http {
	pub fn new(secrets: Arc<Secrets>) -> Result<Self, HostError> {
		// A second one finds it installed, and uses the same.
		let _ = rustls::crypto::ring::default_provider().install_default();
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(1)
			.enable_all()
			.build()
			.map_err(|error| HostError::new(ErrorCode::Internal, error.to_string()))?;
		let client = Client::builder()
			// It could carry the key to another origin, and the page would not know whom it talks to.
			.redirect(redirect::Policy::none())
			.connect_timeout(CONNECT)
			.user_agent("Stemma")
			.build()
			.map_err(|error| HostError::new(ErrorCode::Internal, error.to_string()))?;
		Ok(Self { runtime, client, secrets })
	}

	/// One request. Blocks until the last byte was handed to `emit`, until that breaks, or `cancel` is set, which
	/// closes the connection. While `emit` blocks, nothing more is read.
	pub fn send(
		&self,
		request: &HttpRequest,
		cancel: &AtomicBool,
		emit: &mut dyn FnMut(Frame) -> ControlFlow<()>,
	) -> Result<(), HostError> {
		let url = parse(&request.url)?;
		let (headers, key) = self.headers(request, &url)?;
		if request.body.as_ref().is_some_and(|body| body.len() > LARGEST_REQUEST) {
			return Err(HostError::new(ErrorCode::TooLarge, "The request is larger than 64 MB."));
		}
		let method = match request.method {
			HttpMethod::Get => Method::GET,
			HttpMethod::Post => Method::POST,
		};
		let mut builder = self.client.request(method, url.clone()).headers(headers);
		if let Some(body) = &request.body {
			builder = builder.body(body.clone());
		}
		self.runtime.handle().block_on(async {
			let response =
				unless(cancel, builder.send()).await?.map_err(|error| unreachable(&url, &error))?;
			receive(response, &url, key.as_ref(), cancel, emit).await
		})
	}

	fn headers(
		&self,
		request: &HttpRequest,
		url: &Url,
	) -> Result<(HeaderMap, Option<Zeroizing<String>>), HostError> {
		let mut headers = HeaderMap::new();
		// What arrives is handed on as it is: nobody takes it apart here.
		headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
		let mut key = None;
		for (name, value) in &request.headers {
			let name = name.to_ascii_lowercase();
			if name == AUTHORIZATION.as_str() {
				// A key that was typed just now and is tried before it is stored goes as it is.
				if let Some(endpoint) = value.strip_prefix(STAND_IN) {
					key = self.secrets.key_for(endpoint, &origin_of(url.as_str())?)?;
					continue;
				}
			} else if !SENT.contains(&name.as_str()) {
				return Err(HostError::new(
					ErrorCode::Denied,
					format!("A page may not send the header {name}."),
				));
			}
			let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad_header())?;
			headers.insert(name, HeaderValue::from_str(value).map_err(|_| bad_header())?);
		}
		if let Some(key) = &key {
			let bearer = Zeroizing::new(format!("Bearer {}", key.as_str()));
			let mut value = HeaderValue::from_str(&bearer).map_err(|_| bad_header())?;
			value.set_sensitive(true);
			headers.insert(AUTHORIZATION, value);
		}
		Ok((headers, key))
	}
}

fn parse(text: &str) -> Result<Url, HostError> {
	origin_of(text)?;
	Url::parse(text).map_err(|_| HostError::new(ErrorCode::Invalid, "This is no address."))
}

async fn receive(
	mut response: Response,
	url: &Url,
	key: Option<&Zeroizing<String>>,
	cancel: &AtomicBool,
	emit: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<(), HostError> {
	let status = response.status().as_u16();
	if (300..400).contains(&status) {
		return Err(HostError::new(
			ErrorCode::Denied,
			format!("{} redirects elsewhere; set the address it redirects to.", host(url)),
		));
	}
	let mut headers = BTreeMap::new();
	for name in ANSWERED {
		if let Some(value) = response.headers().get(*name).and_then(|value| value.to_str().ok()) {
			headers.insert((*name).to_owned(), value.to_owned());
		}
	}
	if emit(Frame::Head(HttpHead { status, headers })).is_break() {
		return Err(cancelled());
	}
	if status >= 400 {
		return refusal(response, url, key, cancel, emit).await;
	}
	let mut size = 0;
	while let Some(bytes) = next(&mut response, url, cancel).await? {
		size += bytes.len();
		if size > LARGEST_ANSWER {
			return Err(HostError::new(ErrorCode::TooLarge, "The answer is larger than 64 MB."));
		}
		if emit(Frame::Bytes(bytes)).is_break() {
			return Err(cancelled());
		}
	}
	Ok(())
}

/// Why the server refused, without the key, which some of them quote.
async fn refusal(
	mut response: Response,
	url: &Url,
	key: Option<&Zeroizing<String>>,
	cancel: &AtomicBool,
	emit: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) -> Result<(), HostError> {
	let mut words = Vec::new();
	while words.len() < LARGEST_REFUSAL {
		match next(&mut response, url, cancel).await {
			Ok(Some(bytes)) => words.extend_from_slice(&bytes),
			Ok(None) => break,
			Err(error) if error.code == ErrorCode::Cancelled => return Err(error),
			// The status has been told; half a reason is better than none.
			Err(_) => break,
		}
	}
	words.truncate(LARGEST_REFUSAL);
	let words = String::from_utf8_lossy(&words);
	let words = match key {
		Some(key) => words.replace(key.as_str(), "[key]"),
		None => words.into_owned(),
	};
	match emit(Frame::Bytes(words.into_bytes())) {
		ControlFlow::Continue(()) => Ok(()),
		ControlFlow::Break(()) => Err(cancelled()),
	}
}

async fn next(response: &mut Response, url: &Url, cancel: &AtomicBool) -> Result<Option<Vec<u8>>, HostError> {
	let chunk = unless(cancel, response.chunk()).await?.map_err(|error| unreachable(url, &error))?;
	Ok(chunk.map(|bytes| bytes.to_vec()))
}

/// The work, unless it is cancelled meanwhile; then it is dropped where it stands.
async fn unless<T>(cancel: &AtomicBool, work: impl Future<Output = T>) -> Result<T, HostError> {
	tokio::pin!(work);
	loop {
		if cancel.load(Ordering::Relaxed) {
			return Err(cancelled());
		}
		tokio::select! {
			done = &mut work => return Ok(done),
			() = tokio::time::sleep(LOOK) => {}
		}
	}
}

fn cancelled() -> HostError {
	HostError::new(ErrorCode::Cancelled, "Cancelled.")
}

fn bad_header() -> HostError {
	HostError::new(ErrorCode::Invalid, "A header has characters that no header can have.")
}

fn host(url: &Url) -> String {
	match (url.host_str(), url.port()) {
		(Some(host), Some(port)) => format!("{host}:{port}"),
		(Some(host), None) => host.to_owned(),
		(None, _) => "The server".to_owned(),
	}
}

/// A sentence the user can act on, from what lies at the bottom of the error.
fn unreachable(url: &Url, error: &reqwest::Error) -> HostError {
	let mut reasons = String::new();
	let mut cause = error.source();
	while let Some(error) = cause {
		reasons.push_str(&error.to_string().to_lowercase());
		reasons.push('\n');
		cause = error.source();
	}
	let host = host(url);
	let sentence = if reasons.contains("certificate") || reasons.contains("handshake") {
		format!("The certificate of {host} was not accepted.")
	} else if reasons.contains("dns") || reasons.contains("lookup address") {
		format!("The name {host} was not found. Are you online?")
	} else if reasons.contains("refused") {
		format!("Nothing answers at {host}. Is the model server running?")
	} else {
		format!("{host} could not be reached, or broke the connection.")
	};
	HostError::new(ErrorCode::Unreachable, sentence)
}
