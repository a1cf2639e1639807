/** A reader with Firefox: finds things by the names they have for everybody, and waits for what is to come. */
import type { ElementHandle, EvaluateFunc, Page } from 'puppeteer-core';

const PATIENCE_MS = 20_000;
const LOOK_MS = 50;
/** For so long nothing is loaded by a page that has all it wanted. */
const QUIET_MS = 300;

/** Where to look: the whole page unless a place on it is named. */
export interface Place {
	/** A selector; with `nth`, that one of the elements it finds (from the end when negative). */
	readonly within: string;
	readonly nth?: number;
}
const EVERYWHERE: Place = { within: 'body' };
export const LAST: Place = { within: 'article', nth: -1 };
export const message = (place: number): Place => ({ within: `article[aria-posinset="${place}"]` });

export class Reader {
	readonly page: Page;

	constructor(page: Page) {
		this.page = page;
		page.setDefaultTimeout(PATIENCE_MS);
	}

	/** Until the page says so; `what` is told when it never does. */
	async until<A extends unknown[]>(what: string, check: EvaluateFunc<A>, ...args: A): Promise<void> {
		await this.page.waitForFunction(check, { polling: LOOK_MS }, ...args).catch(async (reason: unknown) => {
			const seen = await this.page.evaluate(() => document.body.innerText);
			throw new Error(`${what}, never seen on:\n${seen.slice(0, 3000)}`, { cause: reason });
		});
	}

	/**
	 * Until the page has all its code, some of which it loads ahead of its use. Firefox reports a module that is still
	 * on its way through the service worker when the page is left as a fault of that page.
	 */
	async settles(): Promise<void> {
		await this.page.waitForNetworkIdle({ idleTime: QUIET_MS });
	}

	async reload(): Promise<void> {
		await this.settles();
		await this.page.reload();
	}

	async goTo(address: string): Promise<void> {
		await this.settles();
		await this.page.goto(address);
	}

	async close(): Promise<void> {
		await this.settles();
		await this.page.close();
	}

	/** With its window all that was kept in it. */
	async closeAll(): Promise<void> {
		await this.settles();
		await this.page.browserContext().close();
	}

	/** Until a place holds a text. */
	async sees(text: string, { within, nth = 0 }: Place = EVERYWHERE): Promise<void> {
		await this.until(
			`"${text}" in ${within}`,
			(selector, index, wanted) => {
				const places = [...document.querySelectorAll<HTMLElement>(selector)];
				return places.at(index)?.innerText.includes(wanted) ?? false;
			},
			within,
			nth,
			text
		);
	}

	async text({ within, nth = 0 }: Place): Promise<string> {
		return this.page.evaluate(
			(selector, index) => [...document.querySelectorAll<HTMLElement>(selector)].at(index)?.innerText ?? '',
			within,
			nth
		);
	}

	/** Presses the button, link or option of this name. */
	async press(name: string, { within, nth = 0 }: Place = EVERYWHERE): Promise<void> {
		const found = await this.page
			.waitForFunction(
				(selector, index, wanted) =>
					[
						...([...document.querySelectorAll(selector)]
							.at(index)
							?.querySelectorAll<HTMLElement>('button, a, [role=option], [role=menuitem]') ?? [])
					].find(
						(element) =>
							!element.matches(':disabled') &&
							element.checkVisibility() &&
							(element.getAttribute('aria-label') ?? element.textContent).trim().startsWith(wanted)
					) ?? null,
				{ polling: LOOK_MS },
				within,
				nth,
				name
			)
			.catch((reason: unknown) => {
				throw new Error(`There is no "${name}" to press in ${within}.`, { cause: reason });
			});
		await (found.asElement() as ElementHandle<HTMLElement>).click();
	}

	/** Writes over what the field of this name holds. */
	async fill(label: string, text: string): Promise<void> {
		const field = await this.page.waitForSelector(`[aria-label="${label}"]:is(input, textarea)`);
		await field?.click({ count: 3 });
		await this.page.keyboard.press('Backspace');
		await field?.type(text);
	}

	async send(text: string): Promise<void> {
		await this.fill('Message', text);
		await this.page.keyboard.press('Enter');
	}

	/** Sends a message and waits for its answer, however fast it comes. */
	async ask(text: string): Promise<void> {
		const before = await this.page.evaluate(() =>
			Number(document.querySelector('article')?.ariaSetSize ?? 0)
		);
		await this.send(text);
		await this.isAnswered(before + 2);
	}

	/** Until there are so many messages and none is being written. */
	async isAnswered(count: number): Promise<void> {
		await this.until(
			`${count} messages with the answer`,
			(size) =>
				Number(document.querySelector('article')?.ariaSetSize) >= size &&
				document.querySelector('article[aria-busy=true]') === null,
			count
		);
	}

	/** From the start screen to an empty conversation with this model of the server at this address. */
	async choose(address: string, model: string): Promise<void> {
		await this.fill('Address', address);
		await this.page.keyboard.press('Enter');
		await this.chooseModel(model);
	}

	async chooseModel(model: string): Promise<void> {
		await this.page.waitForSelector('[role=combobox][aria-label=Model]');
		await this.fill('Model', model);
		await this.until(
			`the model ${model}`,
			(name) => document.querySelector('[role=option]')?.textContent.includes(name),
			model
		);
		await this.page.keyboard.press('Enter');
		await this.until(
			`${model} chosen`,
			(name) => document.querySelector<HTMLInputElement>('[role=combobox]')?.value === name,
			model
		);
	}
}
