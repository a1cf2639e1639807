/** Serves the conformance page the way the app serves the store. */
export default {
	root: import.meta.dirname,
	worker: { format: 'es' },
	optimizeDeps: { exclude: ['sqlocal', '@sqlite.org/sqlite-wasm'] },
	server: { fs: { strict: false } }
};
