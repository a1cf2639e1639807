const KB = 1024;

/** How large a file is, in a word or two. */
export function sizeText(bytes: number): string {
	if (bytes < KB) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
	if (bytes < KB * KB) return `${(bytes / KB).toFixed(1)} KB`;
	return `${(bytes / KB / KB).toFixed(1)} MB`;
}
