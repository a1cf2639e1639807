/** Runs before anything of the page is loaded. */
import { startDbWorkerEarly } from '@stemma/store/browser/start-db-worker';
import { startTheme } from '#lib/theme.ts';
import * as z from 'zod/mini';

// The page's policy forbids code made of strings; otherwise every schema finds that out by trying.
z.config({ jitless: true });

startDbWorkerEarly();
startTheme();
