/**
 * One tab's part in sharing the database: owner if it holds the lock, else a client of the owner.
 * The lock decides who owns; the channel only informs. Requests wait while nobody does, and what may be
 * sent twice is sent again to a new owner.
 */
import type { Migration } from '../migrate.ts';
import type { StoreError } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import { openDatabaseOwner, type DatabaseOwner } from './database-owner.ts';
import {
	CHANNEL,
	LOCK,
	PROTOCOL,
	refusal,
	tabMessage,
	type FromWorker,
	type Request,
	type Response,
	type TabMessage,
	type ToWorker
} from './protocol.ts';

/** How long a request, and opening itself, waits for any owner to appear. */
const PATIENCE_MS = 10_000;
/** Without a word from the owner for so long, while something waits for it, the page is told. */
const SILENCE_MS = 8000;
const LISTEN_MS = 2000;

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
const CANCELLED: StoreError = { code: 'aborted', message: 'Cancelled.' };

export function createTabPeer(
	self: { readonly name: string; readonly migrations: readonly Migration[]; readonly nowMs: () => number },
	post: (message: FromWorker, transfer: Transferable[]) => void
): (message: ToWorker) => void {
	const channel = new BroadcastChannel(CHANNEL);
	const pending = new Map<number, Pending>();
	let owner: DatabaseOwner | null = null;
	/** Of the owner, wherever it is; null while unknown. */
	let epoch: number | null = null;
	/** Why this tab, when it was its turn, could not open the database. */
	let failure: StoreError | null = null;
	/** This tab's place in the queue for the lock, or its hold on it; null when the page has left. */
	let presence: { readonly leave: AbortController; readonly ended: Promise<void> } | null = null;
	let isOpening = false;
	let heardAt = performance.now();
	let isSilent = false;

	type Unnumbered<T> = T extends unknown ? Omit<T, 'v'> : never;
	const tell = (message: Unnumbered<TabMessage>): void => {
		channel.postMessage({ v: PROTOCOL, ...message });
	};

	const toPage = (message: FromWorker, transfer: Transferable[] = []): void => {
		post(message, transfer);
	};

	const hear = (): void => {
		heardAt = performance.now();
		if (isSilent) toPage({ t: 'silence', isSilent: false });
		isSilent = false;
	};

	/** An owner whose thread stands still cannot be replaced: it holds the file. What waits is kept for the next. */
	const listen = (): void => {
		const isWaiting = !owner && [...pending.values()].some(({ sentTo }) => sentTo !== null);
		if (!isWaiting) return hear();
		tell({ t: 'who' });
		if (isSilent || performance.now() - heardAt < SILENCE_MS) return;
		isSilent = true;
		toPage({ t: 'silence', isSilent });
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
		const isFile = seen.op === 'export' && seen.result.ok;
		toPage({ t: 'response', id, body: seen }, isFile ? [seen.result.value.buffer] : []);
	};

	const refuse = (id: number, body: Request, error: StoreError): void => {
		settle(id, refusal(body, error));
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
		if (owner) tell({ t: 'owner', epoch: owner.epoch });
	};

	const becomeOwner = async (): Promise<void> => {
		isOpening = true;
		const opened = await openDatabaseOwner({
			migrations: self.migrations,
			nowMs: self.nowMs,
			onCommit: (change) => {
				tell({ t: 'change', change });
				toPage({ t: 'change', change });
			}
		});
		isOpening = false;
		owner = opened.ok ? opened.value : null;
		failure = opened.ok ? null : opened.error;
		epoch = owner?.epoch ?? null;
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

	/** The file is opened and closed while the lock is held, whenever the page leaves. */
	const own = async (leaving: AbortSignal): Promise<void> => {
		await becomeOwner();
		// A tab that cannot open it lets the next one try.
		if (!owner) return;
		if (!leaving.aborted) {
			await new Promise((resolve) => {
				leaving.addEventListener('abort', resolve);
			});
		}
		await closeOwner();
	};

	const join = (): void => {
		if (presence) return;
		const leave = new AbortController();
		tell({ t: 'who' });
		const ended = navigator.locks
			.request(LOCK, { signal: leave.signal }, () => own(leave.signal))
			.catch((thrown: unknown) => {
				// Leaving takes a request for the lock out of the queue: that is no failure.
				if (leave.signal.aborted) return;
				isOpening = false;
				failure = toStoreError(thrown);
				toPage({ t: 'status', role: 'owner', epoch, error: failure });
			});
		presence = { leave, ended };
	};

	const release = async (): Promise<void> => {
		const left = presence;
		presence = null;
		failure = null;
		left?.leave.abort();
		await left?.ended;
		toPage({ t: 'released' });
	};

	const adopt = (newEpoch: number): void => {
		if (owner || (epoch !== null && newEpoch <= epoch)) return;
		epoch = newEpoch;
		failure = null;
		toPage({ t: 'status', role: 'follower', epoch, error: null });
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
		if (message.t === 'owner' || message.t === 'response' || message.t === 'change') hear();
		switch (message.t) {
			case 'owner':
				adopt(message.epoch);
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
	setInterval(listen, LISTEN_MS);
	setTimeout(() => {
		const isWaiting = !owner && epoch === null && !failure && !isOpening;
		if (isWaiting && presence) toPage({ t: 'status', role: 'follower', epoch: null, error: NO_OWNER });
	}, PATIENCE_MS);

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
			case 'cancel': {
				if (owner) owner[message.t](`${self.name}/${message.id}`);
				else tell({ t: message.t, from: self.name, id: message.id });
				const request = pending.get(message.id);
				if (message.t === 'cancel' && request) refuse(message.id, request.body, CANCELLED);
				break;
			}
			case 'release':
				void release();
				break;
			case 'rejoin':
				join();
				break;
		}
	};
}
