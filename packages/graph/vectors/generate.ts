/** `bun packages/graph/vectors/generate.ts` writes graph.json anew, for when the format gains a case. */
import { goldenVectors } from './cases.ts';

await Bun.write(new URL('graph.json', import.meta.url), `${JSON.stringify(goldenVectors(), null, '\t')}\n`);
