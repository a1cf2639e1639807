/** Diffs and commits as a model reads them: what Git itself would print, so that models know it. */
import type { CommitDetails, Diff, FileDiff, FileSide, Hunk } from '@stemma/host/generated/commands';
import { toOneLine } from '#lib/markdown/link-policy.ts';

const SECOND_MS = 1_000;
const LEFT_OUT = '(There is more, which is left out.)';

const nameOf = (prefix: 'a/' | 'b/', side: FileSide | null): string =>
	side === null ? '/dev/null' : prefix + toOneLine(side.path);

function headOf({ change, binary }: FileDiff): readonly string[] {
	const { old, new: now, kind, similarity } = change;
	const [from, to] = [nameOf('a/', old ?? now), nameOf('b/', now ?? old)];
	const lines = [`diff --git ${from} ${to}`];
	if (now && !old) lines.push(`new file mode ${now.mode}`);
	else if (old && !now) lines.push(`deleted file mode ${old.mode}`);
	else if (old && now && old.mode !== now.mode) lines.push(`old mode ${old.mode}`, `new mode ${now.mode}`);
	if (kind === 'renamed' && old && now) {
		if (similarity !== null) lines.push(`similarity index ${similarity}%`);
		lines.push(`rename from ${toOneLine(old.path)}`, `rename to ${toOneLine(now.path)}`);
	}
	if (binary) lines.push(`Binary files ${nameOf('a/', old)} and ${nameOf('b/', now)} differ`);
	return lines;
}

function hunkLines({ oldStart, oldLines, newStart, newLines, section, lines }: Hunk): readonly string[] {
	const side = (start: number, count: number): string => (count === 1 ? `${start}` : `${start},${count}`);
	const head = `@@ -${side(oldStart, oldLines)} +${side(newStart, newLines)} @@`;
	return [
		section === null ? head : `${head} ${section}`,
		...lines.map((line) => (line.startsWith('\\') ? '\\ No newline at end of file' : line))
	];
}

function fileLines(file: FileDiff): readonly string[] {
	const lines = [...headOf(file)];
	if (file.hunks.length > 0)
		lines.push(`--- ${nameOf('a/', file.change.old)}`, `+++ ${nameOf('b/', file.change.new)}`);
	for (const hunk of file.hunks) lines.push(...hunkLines(hunk));
	if (file.truncated) lines.push(LEFT_OUT);
	return lines;
}

/** Empty when nothing differs. */
export function diffToText({ files, truncated }: Diff): string {
	const lines = files.flatMap(fileLines);
	if (truncated) lines.push(LEFT_OUT);
	return lines.map((line) => `${line}\n`).join('');
}

/** @param untracked paths of files that are new and not added */
export function changesToText(diff: Diff, untracked: readonly string[]): string {
	const text = diffToText(diff);
	if (untracked.length === 0) return text;
	const list = untracked.map((path) => `\t${toOneLine(path)}\n`).join('');
	return `${text}${text === '' ? '' : '\n'}Untracked files:\n${list}`;
}

export function commitToText({ commit, message }: CommitDetails, diff: Diff): string {
	const { id, author, parents } = commit;
	const head = [
		`commit ${id}`,
		...(parents.length > 1 ? [`Merge: ${parents.map((parent) => parent.slice(0, 7)).join(' ')}`] : []),
		`Author: ${toOneLine(`${author.name} <${author.email}>`)}`,
		`Date:   ${new Date(author.time * SECOND_MS).toISOString()}`
	];
	const words = message.trimEnd().split('\n');
	const body = words.map((line) => (line === '' ? '' : `    ${line}`));
	return `${[...head, '', ...body].join('\n')}\n\n${diffToText(diff)}`;
}
