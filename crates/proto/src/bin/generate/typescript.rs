//! TypeScript types, the Zod schemas of what the host answers, and the table as data.
//!
//! Types of responses get a schema, since they come from outside. Types of requests get none: the host
//! itself checks them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use stemma_proto::command::Answer;
use stemma_proto::table::COMMANDS;
use stemma_proto::wire::{FromHost, PROTOCOL, ToHost};

use crate::Generated;

const HEAD: &str = "/**
 * Commands of the host: their types, the schemas of their answers, and the table.
 * Made by `cargo run -p stemma-proto --bin generate`; do not edit.
 */
import * as z from 'zod/mini';
";

pub fn client() -> Result<Generated, String> {
	let mut asked = SchemaSettings::draft2020_12().for_deserialize().into_generator();
	let mut answered = SchemaSettings::draft2020_12().for_serialize().into_generator();
	let mut rows = Vec::new();
	for row in COMMANDS {
		let request = (row.request)(&mut asked).to_value();
		let response = match row.info.answer {
			Answer::Bytes | Answer::Frames => None,
			Answer::One | Answer::Stream => Some((row.response)(&mut answered).to_value()),
		};
		rows.push((row.info, request, response));
	}
	asked.subschema_for::<ToHost>();
	answered.subschema_for::<FromHost>();
	let asked = asked.take_definitions(true);
	let answered = answered.take_definitions(true);

	let mut text = HEAD.to_owned();
	text += &format!("\nexport const PROTOCOL = {PROTOCOL};\n");
	for name in in_order(&answered)? {
		let schema = &answered[&name];
		text += &format!("\n{}export type {name} = {};\n", doc(schema), type_of(schema)?);
		text += &format!("export const {} = {};\n", value_name(&name), zod_of(schema)?);
	}
	let asked: BTreeMap<String, Value> = asked.into_iter().collect();
	for (name, schema) in &asked {
		match answered.get(name) {
			Some(other) if other == schema => {}
			Some(_) => {
				return Err(format!(
					"{name} is asked and answered in different shapes: make two types of it."
				));
			}
			None => text += &format!("\n{}export type {name} = {};\n", doc(schema), type_of(schema)?),
		}
	}

	text += "\n/** What each command is asked and answers; a stream answers many. */\nexport interface CommandTypes {\n";
	for (info, request, response) in &rows {
		let response = match response {
			Some(schema) => type_of(schema)?,
			None => "Uint8Array".to_owned(),
		};
		text += &format!(
			"\t/** {} */\n\treadonly '{}': {{ readonly request: {}; readonly response: {response} }};\n",
			info.doc.trim(),
			info.name,
			type_of(request)?
		);
	}
	text += "}\n\nexport const commands = {\n";
	for (info, _, response) in &rows {
		let schema = match response {
			Some(schema) => zod_of(schema)?,
			None => "null".to_owned(),
		};
		text += &format!(
			"\t'{}': {{ class: {}, answer: {}, place: {}, response: {schema} }},\n",
			info.name,
			literal(&info.class)?,
			literal(&info.answer)?,
			literal(&info.place)?
		);
	}
	text += "} as const;\n";
	Ok(Generated { path: "packages/host/src/generated/commands.ts", text })
}

/// Names of definitions, each after those it is made of.
fn in_order(definitions: &Map<String, Value>) -> Result<Vec<String>, String> {
	fn visit(
		name: &str,
		definitions: &Map<String, Value>,
		open: &mut BTreeSet<String>,
		done: &mut Vec<String>,
	) -> Result<(), String> {
		if done.iter().any(|other| other == name) {
			return Ok(());
		}
		if !open.insert(name.to_owned()) {
			return Err(format!("{name} contains itself; send a flat list with indexes instead."));
		}
		let mut parts = references(&definitions[name]);
		parts.sort();
		for part in parts {
			visit(&part, definitions, open, done)?;
		}
		done.push(name.to_owned());
		Ok(())
	}
	let mut done = Vec::new();
	let names: BTreeSet<&String> = definitions.keys().collect();
	for name in names {
		visit(name, definitions, &mut BTreeSet::new(), &mut done)?;
	}
	Ok(done)
}

fn references(schema: &Value) -> Vec<String> {
	match schema {
		Value::Object(map) => map
			.iter()
			.flat_map(|(key, value)| match value.as_str() {
				Some(path) if key == "$ref" => vec![reference(path)],
				_ => references(value),
			})
			.collect(),
		Value::Array(list) => list.iter().flat_map(references).collect(),
		_ => Vec::new(),
	}
}

fn reference(path: &str) -> String {
	path.rsplit('/').next().unwrap_or(path).to_owned()
}

fn value_name(name: &str) -> String {
	let mut letters = name.chars();
	let lowered: String =
		letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
	format!("{lowered}Schema")
}

fn literal(value: &impl serde::Serialize) -> Result<String, String> {
	let json = serde_json::to_string(value).map_err(|error| error.to_string())?;
	Ok(json.replace('"', "'"))
}

fn doc(schema: &Value) -> String {
	match schema.get("description").and_then(Value::as_str) {
		Some(words) => format!("/** {} */\n", words.replace('\n', " ")),
		None => String::new(),
	}
}

/// What a schema says, out of the many ways in which a schema can say it.
enum Shape<'a> {
	Any,
	Named(String),
	Literal(&'a Value),
	OneOf(Vec<&'a Value>),
	Nullable(Vec<&'a str>, &'a Value),
	Text,
	Integer,
	Number,
	Boolean,
	Null,
	List(&'a Value),
	/// Members in order: name, schema, whether it must be there.
	Object(Vec<(&'a str, &'a Value, bool)>),
	ByKey(&'a Value),
}

fn shape(schema: &Value) -> Result<Shape<'_>, String> {
	let map = match schema {
		Value::Object(map) => map,
		Value::Bool(true) => return Ok(Shape::Any),
		_ => return Err(format!("Not understood: {schema}")),
	};
	if let Some(path) = map.get("$ref").and_then(Value::as_str) {
		return Ok(Shape::Named(reference(path)));
	}
	if let Some(value) = map.get("const") {
		return Ok(Shape::Literal(value));
	}
	if let Some(values) = map.get("enum").and_then(Value::as_array) {
		return Ok(Shape::OneOf(values.iter().collect()));
	}
	if let Some(options) = map.get("oneOf").or(map.get("anyOf")).and_then(Value::as_array) {
		return Ok(Shape::OneOf(options.iter().collect()));
	}
	if let Some(types) = map.get("type").and_then(Value::as_array) {
		return Ok(Shape::Nullable(types.iter().filter_map(Value::as_str).collect(), schema));
	}
	match map.get("type").and_then(Value::as_str) {
		Some(name) => typed(name, schema),
		None => Ok(Shape::Any),
	}
}

fn typed<'a>(name: &str, schema: &'a Value) -> Result<Shape<'a>, String> {
	Ok(match name {
		"string" => Shape::Text,
		"integer" => Shape::Integer,
		"number" => Shape::Number,
		"boolean" => Shape::Boolean,
		"null" => Shape::Null,
		"array" => Shape::List(schema.get("items").ok_or(format!("A tuple is not understood: {schema}"))?),
		"object" => {
			if let Some(values) = schema.get("additionalProperties").filter(|value| value.is_object()) {
				return Ok(Shape::ByKey(values));
			}
			let required: Vec<&str> = schema
				.get("required")
				.and_then(Value::as_array)
				.map(|names| names.iter().filter_map(Value::as_str).collect())
				.unwrap_or_default();
			let members = schema.get("properties").and_then(Value::as_object);
			let mut members: Vec<_> = members
				.into_iter()
				.flatten()
				.map(|(name, member)| (name.as_str(), member, required.contains(&name.as_str())))
				.collect();
			// Maps of serde_json keep another order when some other crate asks for it.
			members.sort_by_key(|(name, ..)| *name);
			Shape::Object(members)
		}
		_ => return Err(format!("Not understood: {schema}")),
	})
}

/// Plain values of an `enum` are not schemas.
fn is_plain(value: &Value) -> bool {
	!value.is_object()
}

/// The words of an enumeration, however deep a schema hides them; none if there is anything else in it.
fn constants<'a>(options: &[&'a Value]) -> Option<Vec<&'a Value>> {
	let mut all = Vec::new();
	for option in options {
		match shape(option) {
			_ if is_plain(option) => all.push(*option),
			Ok(Shape::Literal(value)) => all.push(value),
			Ok(Shape::OneOf(inner)) => all.extend(constants(&inner)?),
			_ => return None,
		}
	}
	Some(all)
}

fn type_of(schema: &Value) -> Result<String, String> {
	type_of_shape(shape(schema)?)
}

fn type_of_shape(shape: Shape<'_>) -> Result<String, String> {
	Ok(match shape {
		Shape::Any => "unknown".to_owned(),
		Shape::Named(name) => name,
		Shape::Literal(value) => literal(value)?,
		Shape::OneOf(options) => {
			let each = |option: &&Value| if is_plain(option) { literal(option) } else { type_of(option) };
			options.iter().map(each).collect::<Result<Vec<_>, _>>()?.join(" | ")
		}
		Shape::Nullable(types, schema) => {
			let each = |name: &&str| typed(name, schema).and_then(type_of_shape);
			types.iter().map(each).collect::<Result<Vec<_>, _>>()?.join(" | ")
		}
		Shape::Text => "string".to_owned(),
		Shape::Integer | Shape::Number => "number".to_owned(),
		Shape::Boolean => "boolean".to_owned(),
		Shape::Null => "null".to_owned(),
		Shape::List(item) => {
			let item = type_of(item)?;
			if item.contains(' ') { format!("readonly ({item})[]") } else { format!("readonly {item}[]") }
		}
		Shape::ByKey(value) => format!("Readonly<Record<string, {}>>", type_of(value)?),
		Shape::Object(members) if members.is_empty() => "Readonly<Record<never, never>>".to_owned(),
		Shape::Object(members) => {
			let mut text = "{".to_owned();
			for (name, member, required) in members {
				let (mark, more) = if required { ("", "") } else { ("?", " | undefined") };
				text += &format!(" readonly {name}{mark}: {}{more};", type_of(member)?);
			}
			text + " }"
		}
	})
}

fn zod_of(schema: &Value) -> Result<String, String> {
	zod_of_shape(shape(schema)?)
}

fn zod_of_shape(shape: Shape<'_>) -> Result<String, String> {
	Ok(match shape {
		Shape::Any => "z.unknown()".to_owned(),
		Shape::Named(name) => value_name(&name),
		Shape::Literal(value) => format!("z.literal({})", literal(value)?),
		Shape::OneOf(options) => {
			let is_null = |option: &Value| option.get("type").and_then(Value::as_str) == Some("null");
			if let [one, other] = options[..]
				&& is_null(other)
			{
				return Ok(format!("z.nullable({})", zod_of(one)?));
			}
			if let Some(constants) = constants(&options) {
				let words = constants.iter().map(literal).collect::<Result<Vec<_>, _>>()?;
				return Ok(format!("z.enum([{}])", words.join(", ")));
			}
			let each = |option: &&Value| {
				if is_plain(option) {
					literal(option).map(|word| format!("z.literal({word})"))
				} else {
					zod_of(option)
				}
			};
			let parts = options.iter().map(each).collect::<Result<Vec<_>, _>>()?;
			format!("z.union([{}])", parts.join(", "))
		}
		Shape::Nullable(types, schema) => {
			let present: Vec<&&str> = types.iter().filter(|name| **name != "null").collect();
			let [name] = present[..] else { return Err(format!("Not understood: {schema}")) };
			format!("z.nullable({})", zod_of_shape(typed(name, schema)?)?)
		}
		Shape::Text => "z.string()".to_owned(),
		Shape::Integer => "z.int()".to_owned(),
		Shape::Number => "z.number()".to_owned(),
		Shape::Boolean => "z.boolean()".to_owned(),
		Shape::Null => "z.null()".to_owned(),
		Shape::List(item) => format!("z.array({})", zod_of(item)?),
		Shape::ByKey(value) => format!("z.record(z.string(), {})", zod_of(value)?),
		Shape::Object(members) if members.is_empty() => "z.object({})".to_owned(),
		Shape::Object(members) => {
			let mut parts = Vec::new();
			for (name, member, required) in members {
				let value = zod_of(member)?;
				parts.push(if required {
					format!("{name}: {value}")
				} else {
					format!("{name}: z.optional({value})")
				});
			}
			format!("z.object({{ {} }})", parts.join(", "))
		}
	})
}
