//! Against a server that says exactly what the test wants, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a fixture that cannot be made fails its test")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use stemma_http::{Frame, Http};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::http::{HttpMethod, HttpRequest};
use stemma_proto::secrets::{SetSecretRequest, UnlockRequest};
use stemma_secrets::Secrets;
use tempfile::{TempDir, tempdir};

const KEY: &str = "sk-very-secret";

/// Takes one connection, reads the request, and does the rest as told.
fn serve<T: Send + 'static>(
	answer: impl FnOnce(String, TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let origin = format!("http://{}", listener.local_addr().unwrap());
	let served = std::thread::spawn(move || {
		let (mut stream, _) = listener.accept().unwrap();
		let mut asked = Vec::new();
		let mut buffer = [0; 4096];
		loop {
			let read = stream.read(&mut buffer).unwrap();
			asked.extend_from_slice(&buffer[..read]);
			let text = String::from_utf8_lossy(&asked).into_owned();
			let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
			let length = head
				.to_lowercase()
				.lines()
				.find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
			if read == 0 || body.len() >= length.unwrap_or(0) {
				return answer(text, stream);
			}
		}
	});
	(origin, served)
}

fn http(origin: &str) -> (TempDir, Http) {
	let folder = tempdir().unwrap();
	let secrets = Secrets::in_file(&folder.path().join("keys"));
	secrets.unlock(&UnlockRequest { passphrase: "correct horse".to_owned() }).unwrap();
	let key = SetSecretRequest { endpoint: "e1".to_owned(), url: origin.to_owned(), key: KEY.to_owned() };
	secrets.set(&key).unwrap();
	(folder, Http::new(Arc::new(secrets)).unwrap())
}

fn get(url: String, headers: &[(&str, &str)]) -> HttpRequest {
	let headers: BTreeMap<_, _> =
		headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
	HttpRequest { method: HttpMethod::Get, url, headers, body: None }
}

const WITH_KEY: &[(&str, &str)] =
	&[("Authorization", "Bearer stemma-key:e1"), ("accept", "text/event-stream")];

type Answer = (u16, BTreeMap<String, String>, String);

fn send(http: &Http, request: &HttpRequest) -> Result<Answer, HostError> {
	let mut answer = (0, BTreeMap::new(), Vec::new());
	http.send(request, &AtomicBool::new(false), &mut |frame| {
		match frame {
			Frame::Head(head) => (answer.0, answer.1) = (head.status, head.headers),
			Frame::Bytes(bytes) => answer.2.extend(bytes),
		}
		ControlFlow::Continue(())
	})?;
	Ok((answer.0, answer.1, String::from_utf8(answer.2).unwrap()))
}

#[test]
fn the_key_goes_where_it_belongs_and_the_answer_comes_back_whole() {
	let (origin, served) = serve(|asked, mut stream| {
		stream
			.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: a=b\r\nx-generation-id: g1\r\ntransfer-encoding: chunked\r\n\r\n")
			.unwrap();
		for part in ["data: one\n\n", "data: \u{1F600}\n\n"] {
			stream.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).unwrap();
			stream.flush().unwrap();
		}
		stream.write_all(b"0\r\n\r\n").unwrap();
		asked
	});
	let (_folder, http) = http(&origin);
	let mut request = get(format!("{origin}/v1/chat/completions"), WITH_KEY);
	request.method = HttpMethod::Post;
	request.body = Some(r#"{"model":"m"}"#.to_owned());
	let (status, headers, body) = send(&http, &request).unwrap();
	assert_eq!((status, body.as_str()), (200, "data: one\n\ndata: \u{1F600}\n\n"));
	assert_eq!(headers.keys().collect::<Vec<_>>(), ["content-type", "x-generation-id"], "cookies stay here");
	let asked = served.join().unwrap().to_lowercase();
	assert!(asked.starts_with("post /v1/chat/completions"), "{asked}");
	assert!(asked.contains(&format!("authorization: bearer {KEY}\r\n")), "{asked}");
	assert!(
		asked.contains("accept-encoding: identity\r\n") && asked.ends_with(r#"{"model":"m"}"#),
		"{asked}"
	);
}

#[test]
fn a_key_is_not_sent_to_another_origin() {
	let (_folder, http) = http("https://a.example/v1");
	let (origin, _) = serve(|_, _| panic!("nobody connects"));
	let refused = send(&http, &get(format!("{origin}/v1/models"), WITH_KEY));
	assert_eq!(refused.err().map(|error| error.code), Some(ErrorCode::Denied));
}

#[test]
fn a_page_cannot_say_what_is_not_its_to_say() {
	let (_folder, http) = http("https://a.example/v1");
	for header in [("cookie", "a=b"), ("host", "b.example"), ("x-forwarded-for", "1.2.3.4")] {
		let refused = send(&http, &get("http://127.0.0.1:1/".to_owned(), &[header]));
		assert_eq!(refused.err().map(|error| error.code), Some(ErrorCode::Denied), "{header:?}");
	}
	for url in ["file:///etc/passwd", "ftp://a.example/", "http://me:pw@a.example/", "nowhere"] {
		let refused = send(&http, &get(url.to_owned(), &[]));
		assert_eq!(refused.err().map(|error| error.code), Some(ErrorCode::Invalid), "{url}");
	}
	let smuggled = send(&http, &get("http://127.0.0.1:1/".to_owned(), &[("accept", "a\r\nhost: b")]));
	assert_eq!(smuggled.err().map(|error| error.code), Some(ErrorCode::Invalid));
}

#[test]
fn a_key_is_tried_before_it_is_stored() {
	let (origin, served) = serve(|asked, mut stream| {
		stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
		asked
	});
	let (_folder, http) = http("https://a.example/v1");
	send(&http, &get(format!("{origin}/v1/models"), &[("authorization", "Bearer sk-typed")])).unwrap();
	assert!(served.join().unwrap().to_lowercase().contains("authorization: bearer sk-typed\r\n"));
}

#[test]
fn a_redirect_is_not_followed() {
	let (origin, served) = serve(|_, mut stream| {
		stream
			.write_all(b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
			.unwrap();
	});
	let (_folder, http) = http(&origin);
	let refused = send(&http, &get(format!("{origin}/v1/models"), WITH_KEY)).unwrap_err();
	assert_eq!(refused.code, ErrorCode::Denied);
	assert!(refused.message.contains("redirects elsewhere"), "{}", refused.message);
	served.join().unwrap();
}

#[test]
fn a_refusal_loses_the_key_and_what_is_too_much() {
	let (origin, served) = serve(|_, mut stream| {
		let words = format!("wrong key {KEY} {}", "x".repeat(100_000));
		let head = format!("HTTP/1.1 401 No\r\nretry-after: 7\r\ncontent-length: {}\r\n\r\n", words.len());
		stream.write_all(head.as_bytes()).unwrap();
		// The reader may hang up before the end.
		let _ = stream.write_all(words.as_bytes());
	});
	let (_folder, http) = http(&origin);
	let (status, headers, body) = send(&http, &get(format!("{origin}/v1/key"), WITH_KEY)).unwrap();
	assert_eq!((status, headers["retry-after"].as_str()), (401, "7"));
	assert!(body.starts_with("wrong key [key] x"), "{}", &body[..40]);
	assert!(body.len() <= 65_536, "{} bytes", body.len());
	served.join().unwrap();
}

#[test]
fn a_cancel_closes_the_connection_before_and_during_the_answer() {
	for head in ["", "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nfirst"] {
		let (connected, is_connected): (_, Receiver<()>) = channel();
		let (origin, served) = serve(move |_, mut stream| {
			stream.write_all(head.as_bytes()).unwrap();
			connected.send(()).unwrap();
			stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
			stream.read(&mut [0; 1]).map_or(true, |bytes| bytes == 0)
		});
		let (_folder, http) = http(&origin);
		let cancel = AtomicBool::new(false);
		std::thread::scope(|scope| {
			let stop = &cancel;
			scope.spawn(move || {
				is_connected.recv().unwrap();
				stop.store(true, Ordering::Relaxed);
			});
			let request = get(format!("{origin}/v1/models"), WITH_KEY);
			let ended = http.send(&request, &cancel, &mut |_| ControlFlow::Continue(()));
			assert_eq!(ended.err().map(|error| error.code), Some(ErrorCode::Cancelled));
		});
		assert!(served.join().unwrap(), "the server sees the end of the connection");
	}
}

#[test]
fn who_does_not_answer_is_named() {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let address = listener.local_addr().unwrap();
	drop(listener);
	let (_folder, http) = http(&format!("http://{address}"));
	let error = send(&http, &get(format!("http://{address}/v1/models"), &[])).unwrap_err();
	assert_eq!(error.code, ErrorCode::Unreachable);
	assert_eq!(error.message, format!("Nothing answers at {address}. Is the model server running?"));
	let nowhere = send(&http, &get("http://nowhere.invalid/".to_owned(), &[])).unwrap_err();
	assert!(nowhere.message.contains("nowhere.invalid"), "{}", nowhere.message);
}

#[test]
fn a_broken_answer_is_an_error_after_what_came() {
	let (origin, served) = serve(|_, mut stream| {
		stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").unwrap();
	});
	let (_folder, http) = http(&origin);
	let mut came = Vec::new();
	let never = AtomicBool::new(false);
	let request = get(format!("{origin}/v1/models"), &[]);
	let ended = http.send(&request, &never, &mut |frame| {
		if let Frame::Bytes(bytes) = frame {
			came.extend(bytes);
		}
		ControlFlow::Continue(())
	});
	assert_eq!(ended.err().map(|error| error.code), Some(ErrorCode::Unreachable));
	assert_eq!(came, b"half");
	served.join().unwrap();
}
