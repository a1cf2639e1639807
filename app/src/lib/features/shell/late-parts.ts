/** What the shell and a conversation show on demand. */
import { Late } from '#lib/ui/late.svelte.ts';

const takesFocus = { takesFocus: true };

export const conversationView = new Late(
	async () => (await import('#lib/features/conversation/conversation-view.svelte')).default
);
export const palette = new Late(
	async () => (await import('#lib/features/palette/palette.svelte')).default,
	takesFocus
);
export const findBar = new Late(
	async () => (await import('#lib/features/find/find-bar.svelte')).default,
	takesFocus
);
export const keySheet = new Late(
	async () => (await import('#lib/features/palette/key-sheet.svelte')).default,
	takesFocus
);
export const systemPrompt = new Late(
	async () => (await import('./system-prompt.svelte')).default,
	takesFocus
);
export const tagEditor = new Late(
	async () => (await import('#lib/features/marks/tag-editor.svelte')).default,
	takesFocus
);
export const keyPassphrase = new Late(
	async () => (await import('#lib/features/start/key-passphrase.svelte')).default,
	takesFocus
);
export const applyEdit = new Late(
	async () => (await import('#lib/features/folders/apply-edit.svelte')).default,
	takesFocus
);
export const removalDialog = new Late(
	async () => (await import('#lib/features/removal/removal-dialog.svelte')).default,
	takesFocus
);
export const graphAside = new Late(async () => (await import('./graph-aside.svelte')).default);
export const versionList = new Late(
	async () => (await import('#lib/features/compare/version-list.svelte')).default
);
export const sentRequest = new Late(
	async () => (await import('#lib/features/inspector/sent-request.svelte')).default
);
export const provenance = new Late(async () => ({
	Panel: (await import('#lib/features/provenance/provenance-panel.svelte')).default,
	read: (await import('#lib/state/provenance.ts')).readProvenance
}));
