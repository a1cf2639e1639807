/** How a request reaches a server and its bytes come back. Nothing above knows which way was taken. */
import type { Result } from '@stemma/graph/result';

export interface TransportRequest {
	readonly method: 'GET' | 'POST';
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string | null;
}

export interface TransportResponse {
	readonly status: number;
	readonly header: (name: string) => string | null;
	readonly body: ReadableStream<Uint8Array> | null;
}

/** The server was not reached, or hung up before it answered: browsers do not say which. */
export interface TransportError {
	readonly code: 'unreachable' | 'aborted';
	readonly message: string;
}

export type Transport = (
	request: TransportRequest,
	signal: AbortSignal
) => Promise<Result<TransportResponse, TransportError>>;
