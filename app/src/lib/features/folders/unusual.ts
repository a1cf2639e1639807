import type { RepositoryInfo } from '@stemma/host/generated/commands';

const OPERATIONS = {
	merge: 'A merge is under way.',
	rebase: 'A rebase is under way.',
	cherry_pick: 'A cherry-pick is under way.',
	revert: 'A revert is under way.',
	bisect: 'A bisect is under way.',
	apply_mailbox: 'Patches of a mailbox are being applied.'
} as const;

/** What a reader should know about a repository, a sentence each. */
export function unusual(info: RepositoryInfo): readonly string[] {
	return [
		info.operation === null ? '' : OPERATIONS[info.operation],
		info.bare ? 'It is bare: it has no working tree.' : '',
		info.shallow ? 'It is shallow: its history is cut off, and some parents are not here.' : '',
		info.partial ? 'It is partial: objects that are missing are not read.' : '',
		info.lfs ? 'Some files are in Git LFS: the repository holds only pointers to them.' : '',
		info.objectFormat === 'sha256' ? 'Its ids are SHA-256.' : '',
		info.refFormat === 'reftable' ? 'Its refs are kept as a reftable.' : ''
	].filter((sentence) => sentence !== '');
}
