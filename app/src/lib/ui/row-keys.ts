/** Up and down go along the buttons marked `data-row`. Those next to the one in view always exist. */
export function moveAlongRows(list: HTMLElement | undefined, event: KeyboardEvent): void {
	if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
	const rows = [...(list?.querySelectorAll<HTMLElement>('button[data-row]') ?? [])];
	const at = rows.indexOf(document.activeElement as HTMLElement);
	const next = rows[at + (event.key === 'ArrowDown' ? 1 : -1)];
	if (at === -1 || !next) return;
	event.preventDefault();
	next.focus();
}
