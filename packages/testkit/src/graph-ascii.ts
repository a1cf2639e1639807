/** Draws a graph as text, newest on top, so that a test can show what it means. */

export interface DrawnNode {
	readonly name: string;
	/** Ordered; the first one goes on straight below. */
	readonly parents: readonly string[];
}

/** Nodes in any order in which parents come before their children. Tips start new lanes from left to right. */
export function drawGraph(nodes: readonly DrawnNode[]): string {
	/** What each lane waits for; null when free. */
	const lanes: (string | null)[] = [];
	const lines: string[] = [];
	const freeLane = (): number => {
		const free = lanes.indexOf(null);
		return free < 0 ? lanes.push(null) - 1 : free;
	};
	for (const { name, parents } of nodes.toReversed()) {
		const waiting = lanes.flatMap((wanted, lane) => (wanted === name ? [lane] : []));
		const lane = waiting[0] ?? freeLane();
		if (waiting.length > 1) lines.push(joint(lanes, lane, waiting.slice(1), '┘'));
		for (const other of waiting) lanes[other] = null;
		lanes[lane] = name;
		lines.push(
			`${lanes.map((wanted, i) => (i === lane ? '●' : wanted === null ? ' ' : '│')).join(' ')} ${name}`
		);
		const [first, ...merged] = parents;
		lanes[lane] = first ?? null;
		const opened = merged.map((parent) => {
			const next = lanes.indexOf(null, lane + 1);
			const at = next < 0 ? lanes.push(null) - 1 : next;
			lanes[at] = parent;
			return at;
		});
		if (opened.length > 0) lines.push(joint(lanes, lane, opened, '┐'));
		while (lanes.length > 0 && lanes.at(-1) === null) lanes.pop();
	}
	return lines.map((line) => line.trimEnd()).join('\n');
}

function joint(
	lanes: readonly (string | null)[],
	from: number,
	to: readonly number[],
	corner: string
): string {
	const last = Math.max(...to);
	return lanes
		.map((wanted, lane) => {
			const isCrossed = lane > from && lane < last;
			const dash = lane >= from && lane < last ? '─' : ' ';
			if (lane === from) return `├${dash}`;
			if (to.includes(lane)) return (isCrossed ? (corner === '┘' ? '┴' : '┬') : corner) + dash;
			if (isCrossed) return (wanted === null ? '─' : '┼') + dash;
			return (wanted === null ? ' ' : '│') + dash;
		})
		.join('');
}

/** A graph written as one line, oldest first: `root a<root b<root m<a,b`. */
export function parseGraph(text: string): readonly DrawnNode[] {
	return text
		.trim()
		.split(/\s+/)
		.map((token) => {
			const [name = '', parents] = token.split('<');
			return { name, parents: parents === undefined || parents === '' ? [] : parents.split(',') };
		});
}
