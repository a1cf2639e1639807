/** Puts a panel above everything, beside what it belongs to, for as long as it is on the page. */
import type { Attachment } from 'svelte/attachments';

export interface FloatingOptions {
	readonly anchor: HTMLElement;
	/** Where there is room: the other side is taken if only that one has it. */
	readonly side: 'above' | 'below';
	readonly align: 'start' | 'center' | 'end';
	/** Pixels between the two. */
	readonly gap: number;
	/** A press anywhere else, or the focus going there. */
	readonly onLeave?: () => void;
}

/** From the edge of the window. */
const MARGIN_PX = 8;

export function floating({ anchor, side, align, gap, onLeave }: FloatingOptions): Attachment<HTMLElement> {
	return (panel) => {
		const place = (): void => {
			const at = anchor.getBoundingClientRect();
			const { offsetWidth: width, offsetHeight: height } = panel;
			const room = { above: at.top - gap - MARGIN_PX, below: innerHeight - at.bottom - gap - MARGIN_PX };
			const other = side === 'above' ? 'below' : 'above';
			const isAbove = (room[side] < height && room[other] > room[side] ? other : side) === 'above';
			const wanted = { start: at.left, center: at.left + (at.width - width) / 2, end: at.right - width };
			const left = Math.max(MARGIN_PX, Math.min(wanted[align], innerWidth - width - MARGIN_PX));
			// Held by the edge next to the anchor: what grows, grows away from it.
			Object.assign(panel.style, {
				inset: 'auto',
				left: `${left}px`,
				[isAbove ? 'bottom' : 'top']: `${isAbove ? innerHeight - at.top + gap : at.bottom + gap}px`
			});
		};
		const leaveFor = (target: EventTarget | null): void => {
			if (target instanceof Node && !panel.contains(target) && !anchor.contains(target)) onLeave?.();
		};
		panel.popover = 'manual';
		panel.showPopover();
		place();
		const ended = new AbortController();
		const { signal } = ended;
		const size = new ResizeObserver(place);
		size.observe(panel);
		addEventListener('resize', place, { signal });
		addEventListener('scroll', place, { signal, capture: true, passive: true });
		addEventListener('pointerdown', ({ target }) => leaveFor(target), { signal, capture: true });
		panel.addEventListener('focusout', ({ relatedTarget }) => leaveFor(relatedTarget), { signal });
		return () => {
			ended.abort();
			size.disconnect();
		};
	};
}
