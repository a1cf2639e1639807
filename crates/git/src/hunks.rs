//! The changed lines between two texts, as Git's unified diff has them.

use std::ops::Range;

use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics, sources::byte_lines};
use stemma_paths::bytes_to_text;
use stemma_proto::git::Hunk;

/// Git looks this far for a zero byte.
const BINARY_PROBE: usize = 8000;
const MAX_SECTION: usize = 80;

pub(crate) fn is_binary(data: &[u8]) -> bool {
	data[..data.len().min(BINARY_PROBE)].contains(&0)
}

pub(crate) struct Hunks {
	pub hunks: Vec<Hunk>,
	/// `budget` was used up before the end.
	pub truncated: bool,
}

/// Hunks with `context` lines around them, as long as `budget` bytes of lines last.
pub(crate) fn hunks_between(old: &[u8], new: &[u8], context: u32, budget: &mut usize) -> Hunks {
	let input = InternedInput::new(byte_lines(old), byte_lines(new));
	let diff = diff_with_slider_heuristics(Algorithm::Myers, &input);
	let line = |token| -> &[u8] { input.interner[token] };
	let old_count = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
	let new_count = u32::try_from(input.after.len()).unwrap_or(u32::MAX);
	let mut hunks = Vec::new();
	let mut section = Section { searched_to: 0, found: None };
	let mut changes = diff.hunks().peekable();
	while let Some(first) = changes.next() {
		let mut parts = vec![(first.before, first.after)];
		let mut end = parts[0].0.end;
		while let Some(next) = changes.next_if(|next| next.before.start - end <= context.saturating_mul(2)) {
			end = next.before.end;
			parts.push((next.before, next.after));
		}
		let lead = context.min(parts[0].0.start);
		let old_start = parts[0].0.start - lead;
		let new_start = parts[0].1.start - lead;
		let mut lines = Vec::new();
		let mut bytes = 0;
		let mut add = |mark: char, range: Range<u32>, tokens: &[_], last: u32| {
			for index in range {
				let text = line(tokens[index as usize]);
				let (text, ends) = match text.strip_suffix(b"\n") {
					Some(text) => (text, true),
					None => (text, false),
				};
				bytes += text.len() + 4;
				lines.push(format!("{mark}{}", bytes_to_text(text)));
				if !ends && index + 1 == last {
					lines.push("\\".into());
				}
			}
		};
		let mut at = old_start;
		for (before, after) in &parts {
			add(' ', at..before.start, &input.before, old_count);
			add('-', before.clone(), &input.before, old_count);
			add('+', after.clone(), &input.after, new_count);
			at = before.end;
		}
		let old_end = at.saturating_add(context).min(old_count);
		add(' ', at..old_end, &input.before, old_count);
		if bytes > *budget {
			return Hunks { hunks, truncated: true };
		}
		*budget -= bytes;
		let new_end = parts.last().map_or(new_start, |(_, after)| after.end) + (old_end - at);
		hunks.push(Hunk {
			section: section.before(old_start, |index| line(input.before[index as usize])),
			old_start: start_shown(old_start, old_end),
			old_lines: old_end - old_start,
			new_start: start_shown(new_start, new_end),
			new_lines: new_end - new_start,
			lines,
		});
	}
	Hunks { hunks, truncated: false }
}

/// An empty side is said to start at the line before.
fn start_shown(start: u32, end: u32) -> u32 {
	if start == end { start } else { start + 1 }
}

/// The last line before a hunk that begins with a letter, `_` or `$`: what Git shows without a driver.
struct Section {
	searched_to: u32,
	found: Option<String>,
}

impl Section {
	fn before<'d>(&mut self, start: u32, line: impl Fn(u32) -> &'d [u8]) -> Option<String> {
		let starts_section =
			|text: &[u8]| text.first().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, b'_' | b'$'));
		if let Some(index) = (self.searched_to..start).rev().find(|index| starts_section(line(*index))) {
			let text = line(index);
			let text = text[..text.len().min(MAX_SECTION)].trim_ascii_end();
			self.found = Some(bytes_to_text(text));
		}
		self.searched_to = start;
		self.found.clone()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn shown(old: &str, new: &str) -> String {
		let found = hunks_between(old.as_bytes(), new.as_bytes(), 1, &mut 10_000);
		let hunks = found.hunks.iter().map(|hunk| {
			let Hunk { old_start, old_lines, new_start, new_lines, .. } = hunk;
			format!("@@ {old_start},{old_lines} {new_start},{new_lines}\n{}\n", hunk.lines.join("\n"))
		});
		hunks.collect()
	}

	#[test]
	fn hunks_read_as_git_writes_them() {
		assert_eq!(shown("a\nb\nc\n", "a\nB\nc\n"), "@@ 1,3 1,3\n a\n-b\n+B\n c\n");
		assert_eq!(shown("", "a\n"), "@@ 0,0 1,1\n+a\n");
		assert_eq!(shown("a\n", ""), "@@ 1,1 0,0\n-a\n");
		assert_eq!(shown("a", "a\n"), "@@ 1,1 1,1\n-a\n\\\n+a\n");
		assert_eq!(shown("a\r\nb\r\n", "a\r\nc\r\n"), "@@ 1,2 1,2\n a\r\n-b\r\n+c\r\n");
		assert_eq!(
			shown("1\n2\n3\n4\n5\n6\n7\n", "1\nx\n3\n4\n5\ny\n7\n"),
			"@@ 1,3 1,3\n 1\n-2\n+x\n 3\n@@ 5,3 5,3\n 5\n-6\n+y\n 7\n"
		);
	}

	#[test]
	fn lines_end_with_the_budget() {
		let new = "line\n".repeat(100);
		let found = hunks_between(b"", new.as_bytes(), 3, &mut 100);
		assert!(found.truncated && found.hunks.is_empty());
	}
}
