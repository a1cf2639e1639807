/** What a graph can ask of the place it is shown in. */
import type { NodeKey } from '@stemma/store/workspace/workspace';

export interface GraphActions {
	/** The conversation at this message, on its own branch. */
	readonly open: (key: NodeKey) => void;
	readonly fork: (key: NodeKey) => void;
	/** Together with what is marked; the first press marks. */
	readonly compare: (key: NodeKey) => void;
	readonly merge: (key: NodeKey) => void;
}
