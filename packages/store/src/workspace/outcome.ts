/** What a command of the workspace comes back with. */
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '../port.ts';

export type Outcome<T> = Promise<Result<T, StoreError>>;
