/** What a mention stands for, as the text that is attached. */
import type { HostError } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { err, ok, type Result } from '@stemma/graph/result';
import { toOneLine } from '#lib/markdown/link-policy.ts';
import { changesToText, commitToText, diffToText } from './diff-text.ts';
import type { TextLabel } from './draft.svelte.ts';
import { folderOutline } from './folder-outline.ts';
import { lineName, linesOf, type LineRange } from './mention.ts';
import { CHANGES, type MentionEntry } from './mention-entries.ts';
import { rangeName, SHORT_ID, type Between } from './revisions.ts';

export interface ReadMention {
	readonly text: string;
	readonly label: TextLabel;
}

const MOST_BYTES = 1_000_000;
const MOST_LINES = 2_000;
/** Nobody waits longer for a message that is ready otherwise. */
const MOST_MS = 20_000;

/** What it is called in a sentence, and by the model. */
function nameOf(entry: MentionEntry): string {
	switch (entry.kind) {
		case 'file':
			return toOneLine(entry.path);
		case 'folder':
			return `${toOneLine(entry.path)}/`;
		case 'branch':
		case 'tag':
			return toOneLine(entry.name);
		case 'commit':
			return toOneLine(`${entry.commit.slice(0, SHORT_ID)} ${entry.subject}`);
		case 'changes':
			return CHANGES[entry.of];
		case 'output':
			return toOneLine(`output of ${entry.of}`);
		case 'between':
			return toOneLine(rangeName(entry));
	}
}

/** @returns a sentence for the screen when there is nothing to attach */
export async function readMention(
	host: Host,
	entry: MentionEntry,
	options: { readonly lines: LineRange | null; readonly isOneOfSeveral: boolean }
): Promise<Result<ReadMention, string>> {
	const signal = AbortSignal.timeout(MOST_MS);
	const failed = ({ code, message }: HostError): Result<never, string> => {
		if (code === 'too_large') return err(`${nameOf(entry)} is larger than 1 MB.`);
		const why = signal.aborted ? 'It took too long.' : message;
		return err(`${nameOf(entry)} could not be read. ${why}`);
	};
	const read = await readEntry(host, entry, options.lines, signal);
	if (!read.ok) return typeof read.error === 'string' ? err(read.error) : failed(read.error);
	const { text, label } = read.value;
	if (new Blob([text]).size > MOST_BYTES) return err(`${nameOf(entry)} is larger than 1 MB.`);
	if (!options.isOneOfSeveral) return read;
	const root = toOneLine(entry.root.name);
	const name = label.type === 'file' ? `${root}/${label.name}` : `${label.name} (${root})`;
	return ok({ text, label: { ...label, name } });
}

type Read = Promise<Result<ReadMention, HostError | string>>;

function readEntry(host: Host, entry: MentionEntry, lines: LineRange | null, signal: AbortSignal): Read {
	switch (entry.kind) {
		case 'file':
			return readFile(host, entry.root.id, entry.path, lines, signal);
		case 'folder':
			return readFolder(host, entry.root.id, entry.path, signal);
		case 'branch':
		case 'tag':
		case 'commit':
			return readCommit(host, entry.root.id, entry.commit, signal);
		case 'changes':
			return readChanges(host, entry.root.id, entry.of, signal);
		case 'output':
			return readOutput(host, entry.job, nameOf(entry), signal);
		case 'between':
			return readBetween(host, entry, signal);
	}
}

const mime = 'text/plain';

async function readFile(
	host: Host,
	root: string,
	path: string,
	lines: LineRange | null,
	signal: AbortSignal
): Read {
	const bytes = await host.bytes('files.read', { root, path, maxBytes: MOST_BYTES }, signal);
	if (!bytes.ok) return bytes;
	const whole = toText(bytes.value);
	const name = toOneLine(path);
	if (whole === null) return err(`${name} is not a text.`);
	if (lines === null) return ok({ text: whole, label: { type: 'file', name, mime } });
	const part = linesOf(whole, lines);
	if (!part) return err(`${name} has no line ${lines.first}.`);
	return ok({ text: part.text, label: { type: 'file', name: name + lineName(part.lines), mime } });
}

function toText(bytes: Uint8Array): string | null {
	try {
		const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
		return text.includes('\0') ? null : text;
	} catch {
		return null;
	}
}

async function readFolder(host: Host, root: string, path: string, signal: AbortSignal): Read {
	const paths: string[] = [];
	const scanned = await host.stream(
		'files.scan',
		{ root, path, folders: true },
		({ entries }) => {
			for (const { kind, path: full } of entries) {
				const below = full.slice(path.length + 1);
				paths.push(kind === 'folder' ? `${below}/` : below);
			}
		},
		signal
	);
	if (!scanned.ok) return scanned;
	if (paths.length === 0) return err(`${toOneLine(path)}/ is empty.`);
	const name = `${toOneLine(path)}/`;
	return ok({ text: folderOutline(paths, MOST_LINES), label: { type: 'file', name, mime } });
}

async function readCommit(host: Host, root: string, commit: string, signal: AbortSignal): Read {
	const [details, diff] = await Promise.all([
		host.call('git.commit', { root, commit }, signal),
		host.call('git.diff', { root, of: { kind: 'commit', commit } }, signal)
	]);
	if (!details.ok) return details;
	if (!diff.ok) return diff;
	const { id, subject } = details.value.commit;
	return ok({
		text: commitToText(details.value, diff.value),
		label: { type: 'commit', name: toOneLine(`${id.slice(0, SHORT_ID)} ${subject}`), mime }
	});
}

async function readChanges(host: Host, root: string, kind: 'worktree' | 'staged', signal: AbortSignal): Read {
	const [diff, status] = await Promise.all([
		host.call('git.diff', { root, of: { kind } }, signal),
		kind === 'worktree' ? host.call('git.status', { root }, signal) : null
	]);
	if (!diff.ok) return diff;
	if (status?.ok === false) return status;
	const entries = status?.value.entries ?? [];
	const untracked = entries.flatMap(({ worktree, path }) => (worktree === 'untracked' ? [path] : []));
	const text = changesToText(diff.value, untracked);
	if (text === '')
		return err(kind === 'staged' ? 'Nothing is staged.' : 'The working tree is as the last commit left it.');
	return ok({ text, label: { type: 'diff', name: CHANGES[kind], mime } });
}

async function readBetween(host: Host, { root, old, new: now }: Between, signal: AbortSignal): Read {
	const name = toOneLine(rangeName({ old, new: now }));
	const [from, to] = [old.commit.slice(0, SHORT_ID), now.commit.slice(0, SHORT_ID)];
	if (old.commit === now.commit) return err(`Both sides of ${name} are commit ${from}.`);
	const of = { kind: 'commits', old: old.commit, new: now.commit } as const;
	const diff = await host.call('git.diff', { root: root.id, of }, signal);
	if (!diff.ok) return diff;
	const text = diffToText(diff.value);
	if (text === '') return err(`Both sides of ${name} have the same files.`);
	const ids = `${from}..${to}`;
	return ok({ text, label: { type: 'diff', name: name === ids ? name : `${name} (${ids})`, mime } });
}

/** Of a command that has ended: the host knows of it until it has run many others. */
async function readOutput(host: Host, job: string, name: string, signal: AbortSignal): Read {
	const lines: string[] = [];
	let skipped = 0;
	const read = await host.stream(
		'jobs.log',
		{ job },
		(batch) => {
			skipped = Math.max(skipped, batch.first - lines.length);
			for (const { text } of batch.lines) lines.push(text);
		},
		signal
	);
	if (!read.ok) return read;
	if (lines.length === 0) return err(`There is no ${name}.`);
	const text = [...(skipped > 0 ? ['[earlier lines are not kept]'] : []), ...lines, ''].join('\n');
	return ok({ text, label: { type: 'file', name, mime } });
}
