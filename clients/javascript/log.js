/* One line on stderr. */
export function log(what, fields = {}) {
	const words = Object.entries(fields).map(([k, v]) => `${k}=${/^[\w.:/-]+$/.test(v) ? v : JSON.stringify(String(v))}`);
	console.error([new Date().toISOString(), "tutti", what, ...words].join(" "));
}
