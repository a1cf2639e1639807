/** What a host answers, held against the table, whichever way it came. */
import { err, ok, type Result } from '@stemma/graph/result';
import { commands, type HostError } from './generated/commands.ts';
import type { OneCommand, ResponseOf, StreamCommand } from './host.ts';

/**
 * The table ties each schema to its command; TypeScript does not follow it through the name.
 *
 * @param misfit for what the page does not understand
 */
export function checkAnswer<N extends OneCommand | StreamCommand>(
	command: N,
	value: unknown,
	misfit: HostError
): Result<ResponseOf<N>, HostError> {
	const parsed = commands[command].response.safeParse(value);
	return parsed.success ? ok(parsed.data as ResponseOf<N>) : err(misfit);
}
