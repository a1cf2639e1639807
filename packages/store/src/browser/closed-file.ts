/** The database file as it lies in the browser's storage, for a page that could not open it. Reads, never writes. */

const DIRECTORY = '.stemma';
const FILES = '.opaque';
const DATABASE = '/stemma.sqlite';
/** In front of every file the pool keeps its name, among others. */
const HEADER_BYTES = 4096;
const NAME_BYTES = 512;

/** Null when there is none, or none that can be read. */
export async function readClosedFile(): Promise<Blob | null> {
	try {
		const root = await navigator.storage.getDirectory();
		const files = await (await root.getDirectoryHandle(DIRECTORY)).getDirectoryHandle(FILES);
		for await (const handle of files.values()) {
			if (!(handle instanceof FileSystemFileHandle)) continue;
			const file = await handle.getFile();
			const [name] = (await file.slice(0, NAME_BYTES).text()).split('\0');
			if (name === DATABASE && file.size > HEADER_BYTES) return file.slice(HEADER_BYTES);
		}
		return null;
	} catch {
		return null;
	}
}
