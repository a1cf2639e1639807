/** Where the tests serve the app and the model server; `STEMMA_TEST_PORT` moves both, for several checkouts at once. */
export const port = Number(process.env['STEMMA_TEST_PORT'] ?? 47931);
export const upstreamPort = port + 1;
/** Of a server that one test has for itself. */
export const activityPort = port + 2;
export const foldersPort = port + 3;
export const mentionsPort = port + 4;
/** Behind the desktop's own. */
export const turnsPort = port + 6;
export const filesPort = port + 7;
export const editsPort = port + 8;
