/** Where the tests serve the app and the model server; `STEMMA_TEST_PORT` moves both, for several checkouts at once. */
export const port = Number(process.env['STEMMA_TEST_PORT'] ?? 47931);
export const upstreamPort = port + 1;
