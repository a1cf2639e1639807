/** The operation log as a list that grows as one scrolls, and the plan of a restore while it is looked at. */
import type { OpId } from '@stemma/graph/op';
import type { OperationFilter, OperationRow, RestorePreview } from '@stemma/store/workspace/operations';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import type { UndoHistory } from './undo.svelte.ts';

const PAGE = 100;

export class OperationLog {
	rows = $state.raw<readonly OperationRow[]>([]);
	filter = $state.raw<OperationFilter>({});
	isLoaded = $state(false);
	hasMore = $state(true);
	error = $state<string | null>(null);
	plan = $state.raw<RestorePreview | null>(null);
	/** The plan was made anew, because something had changed. */
	isPlanNew = $state(false);
	isRestoring = $state(false);
	readonly close: () => void;
	readonly #workspace: Workspace;
	readonly #history: UndoHistory;
	#turn = 0;

	constructor(workspace: Workspace, history: UndoHistory, filter: OperationFilter = {}) {
		this.#workspace = workspace;
		this.#history = history;
		this.filter = filter;
		this.close = workspace.onChange(({ tables }) => {
			if (tables.includes('op')) void this.#read(Math.max(PAGE, this.rows.length));
		});
	}

	load = (): Promise<void> => this.#read(PAGE);

	async show(filter: OperationFilter): Promise<void> {
		this.filter = filter;
		this.rows = [];
		this.isLoaded = false;
		await this.load();
	}

	async loadMore(): Promise<void> {
		const after = this.rows.at(-1);
		if (!this.hasMore || !after) return;
		const turn = ++this.#turn;
		const page = await this.#workspace.operations(this.filter, { limit: PAGE, after });
		if (turn !== this.#turn) return;
		if (!page.ok) {
			this.error = page.error.message;
			return;
		}
		this.rows = [...this.rows, ...page.value];
		this.hasMore = page.value.length === PAGE;
	}

	takeBack = (op: OpId): Promise<void> => this.#history.takeBack(op);

	async makePlan(op: OpId, side: RestorePreview['side']): Promise<void> {
		const plan = await this.#workspace.planRestore(op, side);
		if (plan.ok) this.plan = plan.value;
		else toast.error('The plan could not be made.', { description: plan.error.message });
		this.isPlanNew = false;
	}

	async restore(): Promise<void> {
		const { plan } = this;
		if (plan === null) return;
		this.isRestoring = true;
		const restored = await this.#workspace.restore(plan);
		this.isRestoring = false;
		if (restored.ok) {
			this.plan = null;
			this.#history.offer('The earlier state is back', restored.value);
		} else if (restored.error.code === 'conflict') {
			await this.makePlan(plan.op, plan.side);
			this.isPlanNew = true;
		} else toast.error('Nothing was restored.', { description: restored.error.message });
	}

	async #read(limit: number): Promise<void> {
		const turn = ++this.#turn;
		const page = await this.#workspace.operations(this.filter, { limit });
		if (turn !== this.#turn) return;
		this.error = page.ok ? null : page.error.message;
		if (page.ok) {
			this.rows = page.value;
			this.hasMore = page.value.length === limit;
		}
		this.isLoaded = true;
	}
}
