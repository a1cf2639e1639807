/** Light or dark: as the system has it, or as the reader says. */
export type Theme = 'system' | 'light' | 'dark';

/** Beside the database, for the time before that is open. */
const KEPT = 'stemma.theme';
const system = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

function wear(): void {
	const kept = localStorage.getItem(KEPT);
	const isDark = kept === 'dark' || (kept !== 'light' && system().matches);
	document.documentElement.classList.toggle('dark', isDark);
}

export function setTheme(theme: Theme): void {
	localStorage.setItem(KEPT, theme);
	wear();
}

/** Call once, before anything is painted. */
export function startTheme(): void {
	wear();
	system().addEventListener('change', wear);
}
