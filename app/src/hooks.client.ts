/** Runs before anything of the page is loaded. */
import { startEarly } from '#early';
import { startTheme } from '#lib/theme.ts';
import * as z from 'zod/mini';

// The page's policy forbids code made of strings; otherwise every schema finds that out by trying.
z.config({ jitless: true });

startEarly();
startTheme();
