/** The host of a page that stands alone: it does nothing, and says why. */
import { err } from '@stemma/graph/result';
import { hostError, type Host } from './host.ts';

export function createNoHost(): Host {
	const nothing = () =>
		Promise.resolve(
			err(
				hostError(
					'unsupported',
					'Folders and repositories need Stemma’s local server, or its desktop program.'
				)
			)
		);
	return { info: nothing, call: nothing, bytes: nothing, stream: nothing };
}
