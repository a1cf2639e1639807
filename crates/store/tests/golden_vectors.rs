//! The hashes of `packages/graph`, computed a second time in another language: whoever writes nodes from Rust
//! gets the same ids. Canonical JSON is RFC 8785.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a vector that does not parse fails its test")]

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const VECTORS: &str = include_str!("../../../packages/graph/vectors/graph.json");

fn vectors(name: &str) -> Vec<Value> {
	let mut all: Map<String, Value> = serde_json::from_str(VECTORS).unwrap();
	match all.remove(name) {
		Some(Value::Array(list)) if !list.is_empty() => list,
		other => panic!("{name} is {other:?}"),
	}
}

fn canonical(value: &Value) -> String {
	match value {
		Value::Number(number) => ryu_js::Buffer::new().format(number.as_f64().unwrap()).to_owned(),
		Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
		Value::Object(members) => {
			let mut names: Vec<_> = members.keys().collect();
			names.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
			let members = names.iter().map(|name| format!("{}:{}", text(name), canonical(&members[*name])));
			format!("{{{}}}", members.collect::<Vec<_>>().join(","))
		}
		Value::String(value) => text(value),
		literal => literal.to_string(),
	}
}

/// serde_json escapes what RFC 8785 escapes, and nothing else.
fn text(value: &str) -> String {
	serde_json::to_string(value).unwrap()
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(domain: &str, canonical: &str) -> String {
	let mut sha = Sha256::new();
	sha.update(domain);
	sha.update([0]);
	sha.update(canonical);
	hex(&sha.finalize())
}

#[test]
fn canonical_json_is_the_same_bytes() {
	for vector in vectors("canonical") {
		let input: Value = serde_json::from_str(vector["input"].as_str().unwrap()).unwrap();
		let canonical = canonical(&input);
		assert_eq!(canonical, vector["canonical"], "{}", vector["name"]);
		assert_eq!(hex(canonical.as_bytes()), vector["utf8"], "{}", vector["name"]);
	}
}

#[test]
fn what_has_no_canonical_form_is_refused() {
	for vector in vectors("refused") {
		let parsed = serde_json::from_str::<Value>(vector["input"].as_str().unwrap());
		assert!(parsed.is_err(), "{} passed", vector["name"]);
	}
}

#[test]
fn bodies_nodes_and_operations_have_the_same_hashes() {
	for (list, content, domain, id) in [
		("bodies", "body", "body/1", "hash"),
		("nodes", "header", "node/1", "id"),
		("ops", "op", "op/1", "id"),
	] {
		for vector in vectors(list) {
			let canonical = canonical(&vector[content]);
			assert_eq!(canonical, vector["canonical"], "{list}");
			assert_eq!(hash(domain, &canonical), vector[id], "{list}: {canonical}");
		}
	}
}

#[test]
fn derived_integers_follow_from_the_parents() {
	struct Row {
		generation: u64,
		position: u64,
		jump: Option<usize>,
	}
	for graph in vectors("graphs") {
		let mut rows: Vec<Row> = Vec::new();
		for (at, vector) in graph["rows"].as_array().unwrap().iter().enumerate() {
			let parents: Vec<usize> =
				vector["parents"].as_array().unwrap().iter().map(|p| p.as_u64().unwrap() as usize).collect();
			let generation = parents.iter().map(|&p| rows[p].generation + 1).max().unwrap_or(0);
			let (position, jump) = match parents.first() {
				None => (0, None),
				Some(&parent) => {
					let position = |row: usize| rows[row].position;
					let far = rows[parent].jump.and_then(|near| Some((near, rows[near].jump?)));
					let jump = match far {
						Some((near, far))
							if position(parent) - position(near) == position(near) - position(far) =>
						{
							far
						}
						_ => parent,
					};
					(position(parent) + 1, Some(jump))
				}
			};
			assert_eq!(generation, vector["gen"], "{} row {at}", graph["name"]);
			assert_eq!(position, vector["pos"], "{} row {at}", graph["name"]);
			assert_eq!(jump.map(|row| row as u64), vector["jump"].as_u64(), "{} row {at}", graph["name"]);
			rows.push(Row { generation, position, jump });
		}
	}
}
