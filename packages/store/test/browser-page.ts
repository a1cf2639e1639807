/** What the browser tests call in a page: the store by the name `stemma`, and a page may hold several. */
import { openBrowserStore } from '../src/browser/open-browser-store.ts';
import { StoreFailure } from '../src/port.ts';
import { cases } from './conformance.ts';

const browserPage = { openBrowserStore, StoreFailure, cases };
export type BrowserPage = typeof browserPage;
Object.assign(globalThis, browserPage);
