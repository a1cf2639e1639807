//! Requests to the database and what comes back. Rows never travel as these types: see `stemma_store::pack`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value for a parameter. In JSON: null, a number, a text, `{"int": "…"}` for integers beyond 2^53,
/// `{"real": "inf"}` for what JSON cannot write, `{"blob": "<base64>"}`.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
	Null,
	Integer(i64),
	Real(f64),
	Text(String),
	Blob(Vec<u8>),
}

impl<'de> Deserialize<'de> for SqlValue {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		deserializer.deserialize_any(SqlValueVisitor)
	}
}

struct SqlValueVisitor;

impl<'de> Visitor<'de> for SqlValueVisitor {
	type Value = SqlValue;

	fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("null, a number, a text, {\"int\"}, {\"real\"} or {\"blob\"}")
	}

	fn visit_unit<E: de::Error>(self) -> Result<SqlValue, E> {
		Ok(SqlValue::Null)
	}

	fn visit_i64<E: de::Error>(self, value: i64) -> Result<SqlValue, E> {
		Ok(SqlValue::Integer(value))
	}

	fn visit_u64<E: de::Error>(self, value: u64) -> Result<SqlValue, E> {
		Ok(i64::try_from(value).map_or(SqlValue::Real(value as f64), SqlValue::Integer))
	}

	fn visit_f64<E: de::Error>(self, value: f64) -> Result<SqlValue, E> {
		Ok(SqlValue::Real(value))
	}

	fn visit_str<E: de::Error>(self, value: &str) -> Result<SqlValue, E> {
		Ok(SqlValue::Text(value.to_owned()))
	}

	fn visit_string<E: de::Error>(self, value: String) -> Result<SqlValue, E> {
		Ok(SqlValue::Text(value))
	}

	fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SqlValue, A::Error> {
		let (kind, text): (String, String) =
			map.next_entry()?.ok_or_else(|| de::Error::custom("a value of no kind"))?;
		if map.next_key::<String>()?.is_some() {
			return Err(de::Error::custom("a value of two kinds"));
		}
		match kind.as_str() {
			"int" => text.parse().map(SqlValue::Integer).map_err(de::Error::custom),
			"real" => text.parse().map(SqlValue::Real).map_err(de::Error::custom),
			"blob" => STANDARD.decode(text).map(SqlValue::Blob).map_err(de::Error::custom),
			_ => Err(de::Error::unknown_field(&kind, &["int", "real", "blob"])),
		}
	}
}

impl Serialize for SqlValue {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let tagged = |serializer: S, kind: &str, text: String| {
			use serde::ser::SerializeMap;
			let mut map = serializer.serialize_map(Some(1))?;
			map.serialize_entry(kind, &text)?;
			map.end()
		};
		match self {
			Self::Null => serializer.serialize_unit(),
			Self::Integer(value) if value.unsigned_abs() < 1 << 53 => serializer.serialize_i64(*value),
			Self::Integer(value) => tagged(serializer, "int", value.to_string()),
			Self::Real(value) if value.is_finite() => serializer.serialize_f64(*value),
			Self::Real(value) => tagged(serializer, "real", value.to_string()),
			Self::Text(value) => serializer.serialize_str(value),
			Self::Blob(value) => tagged(serializer, "blob", STANDARD.encode(value)),
		}
	}
}

impl JsonSchema for SqlValue {
	fn schema_name() -> std::borrow::Cow<'static, str> {
		"SqlValue".into()
	}

	fn json_schema(_: &mut SchemaGenerator) -> Schema {
		let tagged = |kind: &str| {
			json_schema!({
				"type": "object",
				"properties": { kind: { "type": "string" } },
				"required": [kind],
				"additionalProperties": false
			})
		};
		json_schema!({ "anyOf": [
			{ "type": "null" },
			{ "type": "number" },
			{ "type": "string" },
			tagged("int"),
			tagged("real"),
			tagged("blob"),
		] })
	}
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
	pub sql: String,
	#[serde(default)]
	pub params: Vec<SqlValue>,
	/// How many rows it must change, or return where it only reads; else all is rolled back with `conflict`.
	#[serde(default)]
	pub expect: Option<u64>,
}

/// What a batch touched, as its author says; announced after the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
	pub tables: Vec<String>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub conversations: Option<Vec<String>>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub nodes: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
	#[serde(flatten)]
	pub touched: Touched,
	pub epoch: u64,
	/// The window that wrote it.
	pub origin: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
	/// 1, 2, 3 …; the last one is the file's `user_version`.
	pub version: i64,
	pub name: String,
	pub sql: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenRequest {
	pub migrations: Vec<Migration>,
	/// Milliseconds since 1970, for the record of what is applied now.
	pub now_ms: i64,
}

/// Statements that only read, all on one state of the database.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadRequest {
	pub statements: Vec<Statement>,
	/// A file that was taken in, by its number: read instead of the live database.
	#[serde(default)]
	pub of: Option<u32>,
	/// A file that was taken in, read beside the live database under the name `incoming`.
	#[serde(default)]
	pub beside: Option<u32>,
}

/// One transaction. A PRAGMA alone runs outside of one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WriteRequest {
	pub statements: Vec<Statement>,
	#[serde(default)]
	pub touched: Option<Touched>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamRequest {
	pub sql: String,
	#[serde(default)]
	pub params: Vec<SqlValue>,
	/// Rows in a batch at most; one also ends after 8 ms of stepping or 1 MB.
	pub batch_rows: usize,
	/// A file that was taken in, by its number: read instead of the live database.
	#[serde(default)]
	pub of: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TakeInRequest {
	/// A copy that is kept; without it the user is asked for a file.
	#[serde(default)]
	pub copy: Option<String>,
}

/// A file as it was taken in: a copy of its own, which nobody else has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakenIn {
	/// It is spoken of by this number until another is taken in.
	pub file: u32,
	/// Of the chosen file, without its folder.
	pub name: String,
	pub size_bytes: u64,
}

/// Something is done with a file that was taken in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncomingRequest {
	pub file: u32,
}

/// One transaction with a file that was taken in, under the name `incoming`. A copy of the present state is kept first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreRequest {
	pub file: u32,
	pub statements: Vec<Statement>,
	pub touched: Touched,
	/// Milliseconds since 1970.
	pub now_ms: i64,
}

/// A copy of the database kept beside it, made before something changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptCopy {
	pub name: String,
	/// Milliseconds since 1970.
	pub taken_at: i64,
	pub size_bytes: u64,
	pub why: CopyReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyReason {
	Migration,
	Merge,
	Replace,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveRequest {
	/// A copy that is kept; without it the present state.
	#[serde(default)]
	pub copy: Option<String>,
	/// What the file is called, unless the user calls it something else.
	pub name: String,
}

/// A file that was written where the user wanted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
	/// Without its folder.
	pub name: String,
	pub size_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreInfo {
	pub engine: String,
	pub sqlite_version: String,
	pub schema_version: i64,
	pub journal_mode: String,
	pub persistent: bool,
	pub role: String,
	pub epoch: u64,
	pub size_bytes: u64,
}

/// What the page acts on; the same codes as in `packages/store/src/port.ts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreErrorCode {
	Conflict,
	Constraint,
	Sql,
	Full,
	Corrupt,
	NewerSchema,
	MigrationFailed,
	NoStorage,
	Closed,
	Aborted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreError {
	pub code: StoreErrorCode,
	pub message: String,
}

impl StoreError {
	pub fn new(code: StoreErrorCode, message: impl Into<String>) -> Self {
		Self { code, message: message.into() }
	}
}

impl std::fmt::Display for StoreError {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str(&self.message)
	}
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
	use super::SqlValue;

	#[test]
	fn values_survive_json() {
		for value in [
			SqlValue::Null,
			SqlValue::Integer(42),
			SqlValue::Integer(i64::MIN),
			SqlValue::Integer((1 << 53) + 1),
			SqlValue::Real(-1.5),
			SqlValue::Real(5e-324),
			SqlValue::Real(0.1 + 0.2),
			SqlValue::Real(8.988_465_674_311_582e307),
			SqlValue::Real(f64::INFINITY),
			SqlValue::Text("a\0b 😀".to_owned()),
			SqlValue::Blob(vec![0, 255, 7]),
		] {
			let json = serde_json::to_string(&value).expect("a value is JSON");
			assert_eq!(serde_json::from_str::<SqlValue>(&json).expect(&json), value, "{json}");
		}
	}

	#[test]
	fn what_is_no_value_is_refused() {
		for json in ["{}", "true", "[1]", r#"{"int":1}"#, r#"{"int":"x"}"#, r#"{"int":"1","blob":""}"#] {
			assert!(serde_json::from_str::<SqlValue>(json).is_err(), "{json} passed");
		}
	}
}
