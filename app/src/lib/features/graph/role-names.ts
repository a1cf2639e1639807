/** By the letter an outline has for them. */
export const ROLE_NAMES: Readonly<Record<string, string>> = { u: 'You', a: 'Answer', s: 'System', t: 'Tool' };
