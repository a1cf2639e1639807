/** `bun packages/testkit/src/server/main.ts --port N`: the test server for trying the app by hand and for browser tests. */
import { parseArgs } from 'node:util';
import { startTestServer } from './test-server.ts';

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '0' },
		models: { type: 'string', default: '3' },
		key: { type: 'string' }
	}
});
const server = await startTestServer({
	port: Number(values.port),
	models: Number(values.models),
	...(values.key === undefined ? {} : { key: values.key })
});
console.log(`Test server: ${server.url}`);
