/** Token counts as a guess: good to ±15 % on prose and code once a model's factor is learned. */

/** ASCII characters per token; CJK and other characters, tokens per character. */
const ASCII_PER_TOKEN = 4;
const TOKENS_PER_CJK = 0.9;
const OTHER_PER_TOKEN = 2.2;
/** Roles and separators around each message. */
const TOKENS_PER_MESSAGE = 4;

const NOT_ASCII = /[\u0080-\uffff]/;

/** A whole number of tokens for a text, before the model's factor. */
export function estimateTokens(text: string): number {
	// Most texts are, and to find that out is much faster than to count.
	if (!NOT_ASCII.test(text)) return Math.ceil(text.length / ASCII_PER_TOKEN);
	let ascii = 0;
	let cjk = 0;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) ascii++;
		else if (isCjk(unit)) cjk++;
	}
	const other = text.length - ascii - cjk;
	return Math.ceil(ascii / ASCII_PER_TOKEN + cjk * TOKENS_PER_CJK + other / OTHER_PER_TOKEN);
}

export const estimateMessageTokens = (text: string, factor: number): number =>
	TOKENS_PER_MESSAGE + Math.ceil(estimateTokens(text) * factor);

function isCjk(unit: number): boolean {
	return (
		(unit >= 0x3040 && unit <= 0x30ff) ||
		(unit >= 0x3400 && unit <= 0x9fff) ||
		(unit >= 0xac00 && unit <= 0xd7af) ||
		(unit >= 0xf900 && unit <= 0xfaff)
	);
}

const LEARNING_RATE = 0.2;

/** Moves a model's factor towards reported ÷ estimated, in bounds that a single odd report cannot break. */
export function learnFactor(factor: number, estimated: number, reported: number): number {
	if (estimated <= 0 || reported <= 0) return factor;
	const seen = Math.min(4, Math.max(0.25, (reported / estimated) * factor));
	return factor + LEARNING_RATE * (seen - factor);
}
