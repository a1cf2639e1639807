/** A model's size and price in as few characters as they need. */
import type { ModelPrice } from '@stemma/provider/models';

const NANO = 1e9;
const K = 1000;
const MINUTE_MS = 60_000;

/** "128k", "1M"; empty when unknown. */
export function contextSize(tokens: number | null): string {
	if (tokens === null) return '';
	if (tokens < K) return String(tokens);
	if (tokens < K * K) return `${Math.round(tokens / K)}k`;
	return `${Number((tokens / (K * K)).toFixed(1))}M`;
}

function dollars(nano: number | null): string {
	if (nano === null) return '—';
	if (nano === 0) return '0';
	const amount = nano / NANO;
	const digits = amount >= 100 ? 0 : amount >= 0.1 ? 2 : 3;
	return String(Number(amount.toFixed(digits)) || amount);
}

/** Dollars per million tokens in and out: "$0.6/2.4"; "free"; empty when unknown. */
export function pricePerMillion(price: ModelPrice | null): string {
	if (price === null || (price.prompt === null && price.completion === null)) return '';
	if (price.prompt === 0 && price.completion === 0 && (price.request ?? 0) === 0) return 'free';
	return `$${dollars(price.prompt)}/${dollars(price.completion)}`;
}

export function age(ms: number): string {
	const minutes = Math.floor(ms / MINUTE_MS);
	if (minutes < 1) return 'just now';
	if (minutes < 60) return `${minutes} min old`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h old` : `${Math.floor(hours / 24)} days old`;
}
