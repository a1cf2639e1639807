/** What is looked at in a repository, as the address tells it. */

const VIEWS = ['changes', 'files', 'blame', 'about'] as const;

export interface RepositoryPlace {
	/** Null for what is not committed; its files are those of HEAD. */
	readonly commit: string | null;
	/** Full name of the ref whose history is listed; null for that of HEAD. */
	readonly from: string | null;
	readonly view: (typeof VIEWS)[number];
	/** Of a file, or of a folder, which ends in a slash; empty for the top. */
	readonly path: string;
}

export const NOT_COMMITTED: RepositoryPlace = { commit: null, from: null, view: 'changes', path: '' };

export function queryToPlace(query: Pick<URLSearchParams, 'get'>): RepositoryPlace {
	const path = query.get('path') ?? '';
	const view = VIEWS.find((name) => name === query.get('view')) ?? (path === '' ? 'changes' : 'files');
	return { commit: query.get('commit'), from: query.get('from'), view, path };
}

export function placeToQuery(root: string | null, place: RepositoryPlace): URLSearchParams {
	const { commit, from, view, path } = place;
	return new URLSearchParams({
		...(root !== null && { root }),
		...(from !== null && { from }),
		...(commit !== null && { commit }),
		...(path !== '' && { path }),
		...(view !== 'changes' && { view })
	});
}

/** The folder a file or folder is in. */
export const parentOf = (path: string): string => path.replace(/[^/]*\/?$/, '');

/** As people call a ref. */
export const refName = (full: string): string => full.replace(/^refs\/(heads|tags|remotes)\//, '');

const SHORT_ID = 10;
export const shortId = (id: string): string => id.slice(0, SHORT_ID);
