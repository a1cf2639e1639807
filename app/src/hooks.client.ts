/** Runs before anything of the page is loaded. */
import { z } from 'zod';

// The page's policy forbids code made of strings; otherwise every schema finds that out by trying.
z.config({ jitless: true });
