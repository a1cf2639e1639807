/** The small model of this machine as the page sees it: what it would fetch, how far it is, and an endpoint. */
import type { LocalModel } from '@stemma/local-model/local-model';
import type { Endpoint } from '@stemma/provider/run-protocol';
import { errorResponse } from './guard.ts';

/** Its address is known only while it runs, and only here. */
export const LOCAL_ENDPOINT: Endpoint = {
	id: 'server:local',
	label: 'Small model on this machine',
	profile: 'llama_cpp',
	baseUrl: '',
	via: 'relay'
};

const INSTALLED = ['ready', 'starting', 'running'];

export const isInstalled = (model: LocalModel | undefined): model is LocalModel =>
	model !== undefined && INSTALLED.includes(model.status().kind);

export function answerModel(model: LocalModel | undefined, path: string, request: Request): Response {
	if (!model) return errorResponse(404, 'no_local_model', 'This server has no place for a model of its own.');
	const action = `${request.method} ${path}`;
	switch (action) {
		case 'GET model':
			return Response.json({ status: model.status(), plan: model.plan() });
		case 'POST model/install':
			// Goes on when the page is closed: the page reads the progress, it does not own it.
			void model.install(new AbortController().signal);
			return new Response(null, { status: 202 });
		case 'POST model/start':
			void model.start();
			return new Response(null, { status: 202 });
		case 'POST model/stop':
			model.stop();
			return new Response(null, { status: 204 });
		default:
			return errorResponse(404, 'not_found', 'There is nothing at this address.');
	}
}
