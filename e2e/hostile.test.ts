/** Text of models, servers and files is hostile: wherever it is shown, nothing runs and nothing is fetched. */
import { expect, test, type Page } from '@playwright/test';
import { FLOODS, MARKUP, NAME, TRAP } from './hostile-corpus.ts';
import { Stemma, UPSTREAM } from './stemma.ts';

interface Watch {
	/** Fails unless the page has done nothing but show text. */
	expectHarmless(): Promise<void>;
}

/** Sees everything the page asks for, says and opens, from before its first script on. */
async function watch(page: Page, baseURL: string): Promise<Watch> {
	const deeds: string[] = [];
	const hosts = new Set([new URL(baseURL).host, new URL(UPSTREAM).host]);
	await page.addInitScript(() => {
		const violations: string[] = [];
		Object.assign(globalThis, { violations });
		addEventListener('securitypolicyviolation', (event) => {
			const { violatedDirective, blockedURI } = event as SecurityPolicyViolationEvent;
			violations.push(`${violatedDirective} ${blockedURI}`);
		});
	});
	page.on('request', (request) => {
		const url = new URL(request.url());
		// A probe of the usual ports is the start screen's own.
		const isProbe = /^127\.0\.0\.1:(11434|1234|8080|8000)$/.test(url.host);
		if (/^https?:$/.test(url.protocol) && !hosts.has(url.host) && !isProbe) deeds.push(`asked ${url.href}`);
	});
	page.on('dialog', (dialog) => {
		deeds.push(`said ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on('popup', (popup) => deeds.push(`opened ${popup.url()}`));
	page.on('pageerror', (error) => deeds.push(`failed: ${error.message}`));
	page.on('download', (download) => deeds.push(`downloaded ${download.url()}`));
	page.on('console', (line) => {
		// What a server refuses is told by the browser, too.
		const isRefusal = line.text().startsWith('Failed to load resource');
		if (line.type() === 'error' && !isRefusal) deeds.push(`complained: ${line.text()}`);
	});
	return {
		async expectHarmless() {
			const found = await page.evaluate(() => {
				const { body } = document;
				const all = [...body.querySelectorAll('*')];
				const named = (element: Element): string => element.outerHTML.slice(0, 200);
				return [
					...('ran' in globalThis ? ['a script ran'] : []),
					...(globalThis as unknown as { violations: string[] }).violations,
					...[
						...body.querySelectorAll(
							'main :is(script, iframe, object, embed, base, meta, link, style, video, audio, picture, img, form form, animate, use, foreignObject, [srcset], [srcdoc], [formaction], [ping])'
						)
					].map(named),
					...all
						.filter((element) => element.getAttributeNames().some((name) => /^on|:href$/.test(name)))
						.map(named),
					...all
						.filter((element) =>
							/url\(|expression|position:\s*fixed/i.test(element.getAttribute('style') ?? '')
						)
						.filter((element) => element.closest('.prose') !== null)
						.map(named),
					...[...body.querySelectorAll('.prose [id], .prose [class*="fixed"]')].map(named),
					...[...body.querySelectorAll('.prose [href]')]
						.filter((element) => !/^(https?:\/\/[^@]*$|mailto:)/.test(element.getAttribute('href') ?? ''))
						.map(named)
				];
			});
			expect([...deeds, ...found]).toEqual([]);
			expect(page.url()).toContain(baseURL);
		}
	};
}

/** As one message: too long for the field's patience to be typed, so it is put there at once. */
async function say(stemma: Stemma, text: string): Promise<void> {
	const before = await stemma.page.evaluate(() =>
		Number(document.querySelector('article')?.getAttribute('aria-setsize') ?? 0)
	);
	await stemma.message.evaluate((field: HTMLTextAreaElement, words) => {
		field.value = words;
		field.dispatchEvent(new Event('input', { bubbles: true }));
	}, text);
	await stemma.message.press('Enter');
	await expect(stemma.articles.last()).toHaveAttribute('aria-setsize', String(before + 2), {
		timeout: 30_000
	});
	await stemma.waitForAnswer();
}

test('markup, addresses, maths and characters: as a question, as an answer that grows, as one that is there', async ({
	page,
	baseURL
}) => {
	test.slow();
	const stemma = new Stemma(page);
	const { expectHarmless } = await watch(page, baseURL!);
	await stemma.openWithServer('Scenario echo');
	const size = Math.ceil(MARKUP.length / 4);
	for (let at = 0; at < MARKUP.length; at += size) {
		await say(stemma, MARKUP.slice(at, at + size).join('\n\n'));
		await expectHarmless();
	}
	const first = await stemma.at(2);
	await expect(first).toContainText('<script>alert(1);globalThis.ran=1</script>');
	await expect(first).toContainText(`<iframe srcdoc=`);
	// What can be text, maths or code is: the corpus was not swallowed by a piece of itself.
	await expect((await stemma.at(8)).locator('.prose pre')).not.toHaveCount(0);
	await page.reload();
	await expect(stemma.articles.last()).toBeVisible();
	for (let place = 1; place <= 8; place++) await stemma.at(place);
	await expectHarmless();
});

test('a link cannot lie about where it leads, an image says where it is, code reads as it runs', async ({
	page,
	baseURL
}) => {
	const stemma = new Stemma(page);
	const { expectHarmless } = await watch(page, baseURL!);
	await stemma.openWithServer('Scenario echo');
	await say(
		stemma,
		[
			`[https://bank.example/login](${TRAP}/lie) and [the manual](https://example.org/manual)`,
			'[аррӏе.com](https://аррӏе.com/)',
			'[here](https://someone:secret@example.org/path)',
			`![beacon](${TRAP}/p.gif?d=secret)`,
			'```sh\nrm \u202e-rf\u200b /\n```'
		].join('\n\n')
	);
	const answer = await stemma.at(2);
	await expect(answer).toContainText('https://bank.example/login (trap.invalid)');
	await expect(answer).not.toContainText('(example.org)');
	const links = await answer
		.locator('.prose a')
		.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
	expect(links).toContain('https://xn--80ak6aa92e.com/');
	expect(links).toContain('https://example.org/path');
	await expect(answer).toContainText('Image not loaded: beacon');
	await expect(answer.getByRole('button', { name: 'Always from trap.invalid' })).toBeVisible();
	await expect(answer.locator('pre')).toContainText('rm ⟨U+202E⟩-rf⟨U+200B⟩ /');
	await expectHarmless();
});

for (const [name, text] of Object.entries(FLOODS)) {
	test(`too much of it wears nothing down: ${name}`, async ({ page, baseURL }) => {
		const stemma = new Stemma(page);
		const { expectHarmless } = await watch(page, baseURL!);
		await stemma.openWithServer('Scenario echo');
		await say(stemma, text);
		await expect(stemma.articles.first()).toBeVisible();
		// The page still does what it is told.
		await stemma.message.fill('alive');
		await page.keyboard.press('Control+k');
		await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
		await page.keyboard.press('Escape');
		const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		expect(wide, 'nothing makes the page wider than the window').toBeLessThanOrEqual(0);
		await expectHarmless();
	});
}

test('in titles, lists, searches, the palette, quotes, attachments and what was sent', async ({
	page,
	baseURL
}) => {
	test.slow();
	const stemma = new Stemma(page);
	const { expectHarmless } = await watch(page, baseURL!);
	await stemma.openWithServer('Scenario echo');
	await say(stemma, NAME);
	await expect(page).toHaveTitle(/<img src=x onerror=alert\(1\)>/);
	const list = page.getByRole('navigation', { name: 'Conversations' });
	const row = list.getByRole('link').first();
	await expect(row).toContainText('<img src=x');
	await page.getByRole('searchbox', { name: 'Search conversations' }).fill('<img src=x [x](javascript:');
	await expect(row).toBeVisible();
	await row.hover();
	await page.getByRole('button', { name: /^Actions for/ }).click();
	await page.getByRole('menuitem', { name: 'Rename' }).click();
	await page.getByRole('textbox', { name: 'Title' }).fill(`"><svg onload=alert(1)> ${NAME}`);
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 1 })).toContainText('"><svg onload=alert(1)>');
	await page.keyboard.press('Control+k');
	await page.keyboard.type('svg onload');
	await expect(page.getByRole('option').filter({ hasText: '"><svg' })).toBeVisible();
	await page.keyboard.press('Escape');

	// A passage of an answer, and a long text that was pasted.
	await (await stemma.at(2)).locator('.prose').selectText();
	await page.getByRole('button', { name: 'Quote', exact: true }).click();
	await stemma.message.evaluate((field, text) => {
		const data = new DataTransfer();
		data.setData('text/plain', text);
		field.dispatchEvent(
			new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
		);
	}, MARKUP.join('\n').repeat(3));
	await page.evaluate(() => {
		const data = new DataTransfer();
		data.items.add(
			new File(['<script>alert(1)</script>'], '<img src=x onerror=alert(1)>.html', { type: 'text/html' })
		);
		document
			.querySelector('textarea')
			?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	});
	await expect(page.getByRole('list', { name: 'Attached' }).getByRole('listitem')).toHaveCount(3);
	await say(stemma, 'and these');
	// Its answer is so long that a share of the height says nothing.
	await page.getByRole('feed').evaluate((feed) => feed.scrollTo(0, 0));
	const question = page.locator('article[aria-posinset="3"]');
	for (const summary of await question.locator('summary').all()) await summary.click();
	await expect(question.locator('pre').first()).toContainText('<script>');
	await expectHarmless();

	await page.getByRole('feed').evaluate((feed) => feed.scrollTo(0, feed.scrollHeight));
	await stemma.button(stemma.articles.last(), 'What was sent').click();
	const sent = page.getByRole('dialog', { name: 'What was sent' });
	await expect(sent).toContainText('<script>alert(1)</script>');
	await sent.getByText('Everything else in the request').click();
	await expectHarmless();
});

test('in the names of models, and in the words with which a server refuses', async ({ page, baseURL }) => {
	const stemma = new Stemma(page);
	const { expectHarmless } = await watch(page, baseURL!);
	await stemma.open();
	const address = `${UPSTREAM}/named/${encodeURIComponent(NAME)}/v1`;
	await page.getByRole('textbox', { name: 'Address' }).fill(address);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(stemma.message).toBeVisible();
	const model = page.getByRole('combobox', { name: 'Model' });
	await model.click();
	await model.fill('Refuses');
	await page.getByRole('option').filter({ hasText: 'Refuses: <img' }).click();
	await expect(model).toHaveValue(/^Refuses: <img src=x/);
	await say(stemma, MARKUP.slice(0, 12).join(' ')).catch(() => undefined);
	const alert = page.getByRole('alert').filter({ hasText: 'does not understand the request' });
	await expect(alert).toContainText('<script>alert(1)');
	await expectHarmless();
	await page.goto('/settings');
	await page
		.getByRole('button', { name: /^Test 127/ })
		.first()
		.click();
	await expect(page.getByText(/^Works: /)).toBeVisible();
	await expectHarmless();
});
