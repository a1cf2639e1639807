//! Rows as bytes: what a page can take apart with one JSON.parse, whatever is in them.
//!
//! A frame is `u32 (little-endian) length of the JSON ‖ JSON ‖ bytes of all blobs`. The JSON of a set of rows is
//! `{"columns":[…],"values":[…],"changes":n,"bigs":[[at,"digits"],…],"blobs":[[at,length],…]}`: values row by row in
//! one list, because a list for each row takes three times as long to make. Integers beyond 2^53 and blobs stand as
//! null among them and are listed with their place, blobs in the order of their bytes.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use stemma_proto::store::{StoreError, StoreErrorCode};

const LARGEST_NUMBER: u64 = 1 << 53;

/// Rows of one statement, packed as they come.
pub struct Rows {
	columns: Vec<String>,
	json: Vec<u8>,
	count: usize,
	bigs: Vec<(usize, i64)>,
	blobs: Vec<(usize, usize)>,
	tail: Vec<u8>,
	pub changes: u64,
}

impl Rows {
	/// Refuses two columns of one name: a row becomes an object in the page and would lose one.
	pub fn new<'a>(columns: impl Iterator<Item = &'a str>) -> Result<Self, StoreError> {
		let columns: Vec<&str> = columns.collect();
		for (i, column) in columns.iter().enumerate() {
			if columns[..i].contains(column) {
				return Err(StoreError::new(
					StoreErrorCode::Sql,
					format!("two columns of one name would become one: {}", columns.join(", ")),
				));
			}
		}
		Ok(Self::empty(columns.into_iter().map(str::to_owned).collect()))
	}

	fn empty(columns: Vec<String>) -> Self {
		Self {
			columns,
			json: Vec::new(),
			count: 0,
			bigs: Vec::new(),
			blobs: Vec::new(),
			tail: Vec::new(),
			changes: 0,
		}
	}

	pub fn len(&self) -> usize {
		self.count
	}

	pub fn is_empty(&self) -> bool {
		self.count == 0
	}

	pub fn bytes(&self) -> usize {
		self.json.len() + self.tail.len()
	}

	pub fn push(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
		let first = self.count * self.columns.len();
		for column in 0..self.columns.len() {
			let at = first + column;
			if at > 0 {
				self.json.push(b',');
			}
			match row.get_ref(column)? {
				ValueRef::Null => self.json.extend_from_slice(b"null"),
				ValueRef::Integer(value) if value.unsigned_abs() < LARGEST_NUMBER => {
					write_json(&mut self.json, &value);
				}
				ValueRef::Integer(value) => {
					self.json.extend_from_slice(b"null");
					self.bigs.push((at, value));
				}
				ValueRef::Real(value) if value.is_finite() => write_json(&mut self.json, &value),
				// JSON has no infinity, but a number too large to be one is read as it.
				ValueRef::Real(value) => {
					self.json.extend_from_slice(if value > 0.0 { b"1e999" } else { b"-1e999" });
				}
				ValueRef::Text(value) => write_json(&mut self.json, &String::from_utf8_lossy(value)),
				ValueRef::Blob(value) => {
					self.json.extend_from_slice(b"null");
					self.blobs.push((at, value.len()));
					self.tail.extend_from_slice(value);
				}
			}
		}
		self.count += 1;
		Ok(())
	}

	/// The same columns without rows; what was gathered goes to the caller.
	pub fn take(&mut self) -> Self {
		let empty = Self::empty(self.columns.clone());
		std::mem::replace(self, empty)
	}

	fn write(&self, out: &mut Vec<u8>) {
		out.extend_from_slice(br#"{"columns":"#);
		write_json(out, &self.columns);
		out.extend_from_slice(br#","values":["#);
		out.extend_from_slice(&self.json);
		out.extend_from_slice(br#"],"changes":"#);
		write_json(out, &self.changes);
		out.extend_from_slice(br#","bigs":"#);
		let bigs: Vec<_> = self.bigs.iter().map(|(at, value)| (at, value.to_string())).collect();
		write_json(out, &bigs);
		out.extend_from_slice(br#","blobs":"#);
		write_json(out, &self.blobs);
		out.push(b'}');
	}
}

/// `{"ok":true,"results":[rows, …]}` or `{"ok":false,"error":{code, message}}`.
pub fn pack_results(results: &Result<Vec<Rows>, StoreError>) -> Vec<u8> {
	match results {
		Ok(results) => {
			let size = results.iter().map(Rows::bytes).sum::<usize>();
			let mut json = Vec::with_capacity(size + 256);
			json.extend_from_slice(br#"{"ok":true,"results":["#);
			for (i, rows) in results.iter().enumerate() {
				if i > 0 {
					json.push(b',');
				}
				rows.write(&mut json);
			}
			json.extend_from_slice(b"]}");
			frame(json, results.iter().map(|rows| rows.tail.as_slice()))
		}
		Err(error) => pack_error(error),
	}
}

/// One batch of a stream: a frame of rows.
pub fn pack_rows(rows: &Rows) -> Vec<u8> {
	let mut json = Vec::with_capacity(rows.json.len() + 256);
	rows.write(&mut json);
	frame(json, std::iter::once(rows.tail.as_slice()))
}

/// `{"ok":true,"value":…}` with bytes behind it, or the error.
pub fn pack_value(value: &Result<(Value, Vec<u8>), StoreError>) -> Vec<u8> {
	match value {
		Ok((value, tail)) => frame(
			json!({ "ok": true, "value": value }).to_string().into_bytes(),
			std::iter::once(tail.as_slice()),
		),
		Err(error) => pack_error(error),
	}
}

fn pack_error(error: &StoreError) -> Vec<u8> {
	frame(json!({ "ok": false, "error": error }).to_string().into_bytes(), std::iter::empty())
}

fn frame<'a>(json: Vec<u8>, tails: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
	let size = 4 + json.len() + tails.clone().map(<[u8]>::len).sum::<usize>();
	let mut out = Vec::with_capacity(size);
	// Rows are capped well below this; a frame of 4 GB could not be taken in by a page either.
	out.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
	out.extend_from_slice(&json);
	for tail in tails {
		out.extend_from_slice(tail);
	}
	out
}

fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
	// Writing to memory does not fail, nor do these types.
	let _ = serde_json::to_writer(out, value);
}
