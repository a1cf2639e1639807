/** What an attached text is called on screen. */
import type { ReferencePart } from '@stemma/graph/part';

/** A file's name says what it is, and so does that of changes; a commit's is its id and its subject. */
export const attachmentName = ({ type, name }: ReferencePart): string =>
	type === 'commit' ? `commit ${name}` : name;
