/** The host behind the local server, for pages in a browser. */
import type { Host } from '@stemma/host/host';
import { createServerHost } from '@stemma/host/server-host';

/** @param window names this window to the host */
export const openServerHost = (window: string): Host =>
	createServerHost({ window, fetch: (path, init) => fetch(path, init) });
