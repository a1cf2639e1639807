/** The host of this build of the page. Another build has another file in its place. */
import type { Host } from '@stemma/host/host';
import { createServerHost } from '@stemma/host/server-host';

/** @param window names this window to the host */
export const openHost = (window: string): Host =>
	createServerHost({ window, fetch: (path, init) => fetch(path, init) });
