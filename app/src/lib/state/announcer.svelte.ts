/** One polite voice for screen readers: that an answer began, and what it said in the end. */
export class Announcer {
	message = $state('');

	say(message: string): void {
		this.message = message;
	}
}
