/** A folder's tree as indented lines. What does not fit is counted, the deepest first. */
import { toOneLine } from '#lib/markdown/link-policy.ts';

interface Folder {
	readonly folders: Map<string, Folder>;
	readonly files: string[];
	/** Below it, at any depth. */
	count: number;
}

const empty = (): Folder => ({ folders: new Map(), files: [], count: 0 });
const collator = new Intl.Collator('en', { numeric: true });

function treeOf(paths: readonly string[]): Folder {
	const top = empty();
	for (const path of paths) {
		const names = path.split('/');
		const file = names.pop() ?? '';
		let folder = top;
		if (file !== '') folder.count++;
		for (const name of names) {
			const below = folder.folders.get(name) ?? empty();
			folder.folders.set(name, below);
			folder = below;
			if (file !== '') folder.count++;
		}
		if (file !== '') folder.files.push(file);
	}
	return top;
}

/** Level by level, the folders whose content fits into so many lines. */
function opened(top: Folder, most: number): ReadonlySet<Folder> {
	const open = new Set<Folder>();
	let left = most;
	let level = [top];
	while (level.length > 0) {
		const next: Folder[] = [];
		for (const folder of level) {
			const lines = folder.folders.size + folder.files.length;
			if (lines > left) continue;
			left -= lines;
			open.add(folder);
			next.push(...folder.folders.values());
		}
		level = next;
	}
	return open;
}

/** @param paths of files, and of folders with a slash at the end, relative to the folder */
export function folderOutline(paths: readonly string[], mostLines: number): string {
	const top = treeOf(paths);
	const open = opened(top, mostLines);
	const lines: string[] = [];
	const counted = (count: number): string => (count === 1 ? '1 file' : `${count.toLocaleString('en')} files`);
	const add = (folder: Folder, indent: string): void => {
		// Only the folder itself can have more than fits: others are closed then.
		const room = (): number => (open.has(folder) ? Infinity : Math.max(0, mostLines - lines.length));
		const folders = [...folder.folders].toSorted(([a], [b]) => collator.compare(a, b));
		const shownFolders = folders.slice(0, room());
		for (const [name, below] of shownFolders) {
			const isOpen = open.has(below);
			lines.push(`${indent}${toOneLine(name)}/${isOpen ? '' : `  (${counted(below.count)})`}`);
			if (isOpen) add(below, `${indent}  `);
		}
		const files = folder.files.toSorted((a, b) => collator.compare(a, b));
		const shown = files.slice(0, room());
		lines.push(...shown.map((name) => indent + toOneLine(name)));
		const left = folders.length - shownFolders.length;
		if (left > 0) lines.push(`${indent}… and ${left === 1 ? '1 folder' : `${left} folders`} more`);
		if (files.length > shown.length)
			lines.push(`${indent}… and ${counted(files.length - shown.length)} more`);
	};
	add(top, '');
	return lines.map((line) => `${line}\n`).join('');
}
