/**
 * One tab's part in sharing the database: owner if it holds the lock, else a client of the owner.
 * The lock decides who owns; the channel only informs. Requests wait while nobody does, and what may be
 * sent twice is sent again to a new owner.
 */
import type { Migration } from '../migrate.ts';
import type { StoreError } from '../port.ts';
import { openDatabaseOwner, type DatabaseOwner } from './database-owner.ts';
import {
	CHANNEL,
	LOCK,
	PROTOCOL,
	tabMessage,
	type FromWorker,
	type Request,
	type Response,
	type TabMessage,
	type ToWorker
} from './protocol.ts';

/** How long a request waits for any owner to appear. */
const PATIENCE_MS = 15_000;

interface Pending {
	readonly body: Request;
	/** The owner it was sent to, null while it waits for one. */
	sentTo: number | null;
	hasRows: boolean;
	readonly timer: ReturnType<typeof setTimeout>;
}

const NO_OWNER: StoreError = {
	code: 'owner_lost',
	message: 'No tab with the database answers. Close other Stemma tabs and reload.'
};
const OWNER_LOST: StoreError = {
	code: 'owner_lost',
	message: 'The tab with the database closed before it answered.'
};

export function createTabPeer(
	self: { readonly name: string; readonly migrations: readonly Migration[]; readonly nowMs: () => number },
	toPage: (message: FromWorker, transfer?: Transferable[]) => void
): (message: ToWorker) => void {
	const channel = new BroadcastChannel(CHANNEL);
	const pending = new Map<number, Pending>();
	let owner: DatabaseOwner | null = null;
	/** Of the owner, wherever it is; null while unknown. */
	let epoch: number | null = null;
	/** Why the owner could not open the database. */
	let failure: StoreError | null = null;
	let releaseLock: (() => void) | null = null;
	let isJoining = false;

	type Unnumbered<T> = T extends unknown ? Omit<T, 'v'> : never;
	const tell = (message: Unnumbered<TabMessage>): void => {
		channel.postMessage({ v: PROTOCOL, ...message });
	};

	const settle = (id: number, body: Response): void => {
		const request = pending.get(id);
		if (!request) return;
		if (body.op === 'rows') request.hasRows = true;
		else {
			clearTimeout(request.timer);
			pending.delete(id);
		}
		// The owner answers for itself; to this page it is somebody else.
		const seen =
			body.op === 'info' && body.result.ok && !owner
				? {
						...body,
						result: { ok: true as const, value: { ...body.result.value, role: 'follower' as const } }
					}
				: body;
		toPage({ t: 'response', id, body: seen });
	};

	const refuse = (id: number, body: Request, error: StoreError): void => {
		settle(id, body.op === 'stream' ? { op: 'end', error } : { op: body.op, result: { ok: false, error } });
	};

	const send = (id: number, request: Pending): void => {
		if (failure) return refuse(id, request.body, failure);
		if (owner) {
			request.sentTo = owner.epoch;
			owner.handle(`${self.name}/${id}`, self.name, request.body, (body) => {
				settle(id, body);
			});
		} else if (epoch !== null) {
			request.sentTo = epoch;
			tell({ t: 'request', epoch, from: self.name, id, body: request.body });
		}
	};

	/** Sends what waits; what went to an owner that is gone goes again if that can do no harm. */
	const resend = (): void => {
		for (const [id, request] of pending) {
			if (request.sentTo === null) send(id, request);
			else if (request.sentTo !== epoch) {
				const isSafe =
					request.body.op === 'batch' ? request.body.options.idempotent !== false : !request.hasRows;
				if (isSafe) send(id, request);
				else refuse(id, request.body, OWNER_LOST);
			}
		}
	};

	const announce = (): void => {
		if (owner || failure) tell({ t: 'owner', epoch: owner?.epoch ?? 0, error: failure });
	};

	const becomeOwner = async (): Promise<void> => {
		const opened = await openDatabaseOwner({
			migrations: self.migrations,
			nowMs: self.nowMs(),
			onCommit: (change) => {
				tell({ t: 'change', change });
				toPage({ t: 'change', change });
			}
		});
		owner = opened.ok ? opened.value : null;
		failure = opened.ok ? null : opened.error;
		epoch = owner?.epoch ?? 0;
		toPage({ t: 'status', role: 'owner', epoch, error: failure });
		announce();
		resend();
	};

	const closeOwner = async (): Promise<void> => {
		if (!owner) return;
		const closing = owner;
		owner = null;
		epoch = null;
		await closing.close();
		tell({ t: 'bye', epoch: closing.epoch });
	};

	const join = (): void => {
		if (isJoining) return;
		isJoining = true;
		tell({ t: 'who' });
		void navigator.locks.request(LOCK, async () => {
			const released = new Promise<void>((resolve) => {
				releaseLock = resolve;
			});
			if (!isJoining) return;
			await becomeOwner();
			// The page left while the file was being opened.
			if (!isJoining) await closeOwner();
			await released;
		});
	};

	const release = async (): Promise<void> => {
		isJoining = false;
		await closeOwner();
		failure = null;
		releaseLock?.();
		releaseLock = null;
	};

	const adopt = (newEpoch: number, error: StoreError | null): void => {
		if (owner || (epoch !== null && newEpoch < epoch)) return;
		const isNew = epoch !== newEpoch || failure !== error;
		epoch = newEpoch;
		failure = error;
		if (!isNew) return;
		toPage({ t: 'status', role: 'follower', epoch, error });
		resend();
	};

	channel.addEventListener('message', ({ data }) => {
		const parsed = tabMessage.safeParse(data);
		if (!parsed.success) {
			const isOtherBuild =
				typeof data === 'object' && data !== null && 'v' in data && (data as { v: unknown }).v !== PROTOCOL;
			if (isOtherBuild) toPage({ t: 'other_build' });
			return;
		}
		const message = parsed.data;
		switch (message.t) {
			case 'owner':
				adopt(message.epoch, message.error);
				break;
			case 'who':
				announce();
				break;
			case 'bye':
				if (!owner && message.epoch === epoch) epoch = null;
				break;
			case 'request':
				// A request to an owner that is no more: its sender hears of the new one and sends again.
				if (owner?.epoch === message.epoch) {
					owner.handle(`${message.from}/${message.id}`, message.from, message.body, (body) => {
						tell({ t: 'response', epoch: message.epoch, to: message.from, id: message.id, body });
					});
				}
				break;
			case 'more':
				owner?.more(`${message.from}/${message.id}`);
				break;
			case 'cancel':
				owner?.cancel(`${message.from}/${message.id}`);
				break;
			case 'response':
				if (message.to === self.name && pending.get(message.id)?.sentTo === message.epoch)
					settle(message.id, message.body);
				break;
			case 'change':
				toPage({ t: 'change', change: message.change });
				break;
		}
	});

	join();

	return (message) => {
		switch (message.t) {
			case 'request': {
				const timer = setTimeout(() => {
					const request = pending.get(message.id);
					if (request?.sentTo === null) refuse(message.id, message.body, NO_OWNER);
				}, PATIENCE_MS);
				const request: Pending = { body: message.body, sentTo: null, hasRows: false, timer };
				pending.set(message.id, request);
				send(message.id, request);
				break;
			}
			case 'more':
			case 'cancel':
				if (owner) owner[message.t](`${self.name}/${message.id}`);
				else tell({ t: message.t, from: self.name, id: message.id });
				break;
			case 'release':
				void release();
				break;
			case 'rejoin':
				join();
				break;
		}
	};
}
