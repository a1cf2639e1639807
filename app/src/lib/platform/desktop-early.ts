/** The process that has the database is there before the page. */
export function startEarly(): void {
	return;
}
