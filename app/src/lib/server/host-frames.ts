/** Reads what the host writes: a JSON object a line, and raw bytes after a line that announces them. */
import { fromHostSchema, type FromHost } from '@stemma/host/generated/commands';

export interface HostFrame {
	readonly line: FromHost;
	/** Empty but after a line of type `bytes`. */
	readonly bytes: Buffer;
}

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** Takes chunks as they come, however they are cut. Throws on what is no line of the host. */
export function createFrameReader(take: (frame: HostFrame) => void): (chunk: Buffer) => void {
	let chunks: Buffer[] = [];
	/** The line whose bytes are under way, and how many are missing. */
	let announced: { readonly line: FromHost; missing: number } | null = null;

	const finish = (): Buffer => {
		const whole = chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks);
		chunks = [];
		return whole;
	};

	return (chunk) => {
		let rest = chunk;
		while (rest.length > 0) {
			if (announced) {
				const part = rest.subarray(0, announced.missing);
				chunks.push(part);
				announced.missing -= part.length;
				rest = rest.subarray(part.length);
				if (announced.missing === 0) {
					const { line } = announced;
					announced = null;
					take({ line, bytes: finish() });
				}
				continue;
			}
			const end = rest.indexOf(NEWLINE);
			if (end === -1) {
				chunks.push(rest);
				return;
			}
			chunks.push(rest.subarray(0, end));
			rest = rest.subarray(end + 1);
			const line = fromHostSchema.parse(JSON.parse(finish().toString()));
			if (line.type === 'bytes' && line.length > 0) announced = { line, missing: line.length };
			else take({ line, bytes: NOTHING });
		}
	};
}
