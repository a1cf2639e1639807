//! Names of files: which are refused, and how those that are not UTF-8 travel as text.

/// First of the 256 private code points that stand for a byte which is no UTF-8.
const BYTE_BASE: u32 = 0x10_FF00;

/// A name or path as text, without loss: a byte that is no UTF-8 becomes the private character
/// U+10FF00 + byte. Text that holds such characters itself is escaped byte by byte, so that
/// [`text_to_bytes`] always gives back what came in.
pub fn bytes_to_text(bytes: &[u8]) -> String {
	let mut text = String::with_capacity(bytes.len());
	for chunk in bytes.utf8_chunks() {
		for character in chunk.valid().chars() {
			if byte_of(character).is_some() {
				let mut buffer = [0; 4];
				text.extend(character.encode_utf8(&mut buffer).bytes().map(character_of));
			} else {
				text.push(character);
			}
		}
		text.extend(chunk.invalid().iter().copied().map(character_of));
	}
	text
}

/// The bytes [`bytes_to_text`] was given.
pub fn text_to_bytes(text: &str) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(text.len());
	for character in text.chars() {
		match byte_of(character) {
			Some(byte) => bytes.push(byte),
			None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
		}
	}
	bytes
}

fn character_of(byte: u8) -> char {
	char::from_u32(BYTE_BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn byte_of(character: char) -> Option<u8> {
	// Only bytes above ASCII can be invalid UTF-8.
	let byte = u32::from(character).checked_sub(BYTE_BASE)?;
	u8::try_from(byte).ok().filter(|byte| *byte >= 0x80)
}

/// Why a file of this name is never opened on disk, or `None`. A name is one component of a path.
pub fn name_problem(name: &[u8]) -> Option<&'static str> {
	if name.is_empty() {
		return Some("a name in it is empty");
	}
	if name == b"." || name == b".." {
		return Some("it has a “.” or “..”");
	}
	if name.contains(&0) {
		return Some("it has a zero byte");
	}
	if name.contains(&b'/') || name.contains(&b'\\') {
		return Some("a name in it has a slash");
	}
	if is_git_name(name) {
		return Some("Git’s own folder is not part of it");
	}
	if name.contains(&b':') {
		return Some("a name in it has a colon");
	}
	if is_device_name(name) {
		return Some("a name in it is a device on Windows");
	}
	None
}

/// Whether some file system takes this name for `.git`: any case, the short name `GIT~1`, trailing dots and
/// spaces, a stream (`.git::$INDEX_ALLOCATION`), characters that HFS+ ignores.
pub fn is_git_name(name: &[u8]) -> bool {
	// Almost every name ends here: those that matter begin so, or with a character that is no ASCII.
	if !matches!(name.first(), Some(b'.' | b'g' | b'G' | 0x80..)) {
		return false;
	}
	let visible: String = String::from_utf8_lossy(name).chars().filter(|c| !is_ignored_by_hfs(*c)).collect();
	let stem = visible.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
	stem.eq_ignore_ascii_case(".git") || stem.eq_ignore_ascii_case("git~1")
}

fn is_ignored_by_hfs(character: char) -> bool {
	matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

fn is_device_name(name: &[u8]) -> bool {
	let stem =
		name.split(|byte| *byte == b'.').next().unwrap_or_default().trim_ascii_end().to_ascii_lowercase();
	match stem.as_slice() {
		b"con" | b"prn" | b"aux" | b"nul" | b"conin$" | b"conout$" => true,
		[b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => digit.is_ascii_digit() && *digit != b'0',
		_ => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn any_bytes_come_back() {
		let cases: [&[u8]; 6] = [
			b"plain.txt",
			"grüße/日本".as_bytes(),
			b"latin-\xe9.txt",
			b"\xff\xfe\x80",
			"private \u{10ff80}\u{10ffff} itself".as_bytes(),
			b"cut \xf4\x8f\xbe",
		];
		for bytes in cases {
			assert_eq!(text_to_bytes(&bytes_to_text(bytes)), bytes);
		}
		for byte in 0..=255u8 {
			assert_eq!(text_to_bytes(&bytes_to_text(&[b'a', byte, b'z'])), [b'a', byte, b'z']);
		}
	}

	#[test]
	fn names_git_or_windows_would_misread_are_refused() {
		for name in [
			".git",
			".GIT",
			".Git",
			"GIT~1",
			"git~1",
			".git.",
			".git ",
			".git. .",
			".git::$INDEX_ALLOCATION",
			".g\u{200c}it",
			"\u{feff}.git",
			"..",
			".",
			"",
			"a/b",
			"a\\b",
			"a\0b",
			"f::$DATA",
			"con",
			"CON.txt",
			"aux.c",
			"nul",
			"LPT1",
			"com9.log",
			"CONOUT$",
			"prn .txt",
		] {
			assert!(name_problem(name.as_bytes()).is_some(), "{name:?} must be refused");
		}
		for name in
			[".gitignore", ".github", "git", "console", "com0", "com10", "auxiliary.c", "...", "a b", "lpt"]
		{
			assert_eq!(name_problem(name.as_bytes()), None, "{name:?} is an ordinary name");
		}
	}
}
