/** Calls of the server: one function each. */

/** What the server refused, in one sentence; for settings, also which. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string>} fields
   */
  constructor(status, message, fields) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{json?: unknown, bytes?: Blob, headers?: Record<string, string>, signal?: AbortSignal}} [given]
 * @returns {Promise<any>}
 */
async function ask(method, path, { json, bytes, headers = {}, signal } = {}) {
  const body = json === undefined ? bytes : JSON.stringify(json);
  /** @type {Record<string, string>} */
  const kind = json === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, body, headers: { ...kind, ...headers }, signal });
  const said = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(answer.status, said.error ?? `${answer.status} ${answer.statusText}`, said.fields ?? {});
  return said;
}

/** @param {Record<string, string | number | undefined | null>} given */
const query = (given) => {
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return said.length ? `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}` : "";
};

/** @param {File} file */
const named = (file) => ({ "X-File-Name": encodeURIComponent(file.name || "photograph"), "Content-Type": "application/octet-stream" });

/** @param {any} found @returns {import("./types.js").Photo} */
const asPhoto = ({ kind, seconds, ...found }) => ({ ...found, film: kind === "film", duration: seconds });

/** @param {File} file */
export const putPhoto = async (file) => asPhoto(await ask("PUT", "/api/photos", { bytes: file, headers: named(file) }));

/** @param {Blob} png @returns {Promise<{id: string}>} */
export const putMask = (png) => ask("PUT", "/api/masks", { bytes: png, headers: { "Content-Type": "image/png" } });

/** @param {File} file @returns {Promise<import("./types.js").Remembered>} */
export const readRecipe = (file) =>
  ask("POST", "/api/recipes/read", { bytes: file, headers: named(file) });

export const samples = async () => /** @type {any[]} */ (await ask("GET", "/api/samples")).map(asPhoto);
/** @returns {Promise<import("./types.js").Schema>} */
export const schema = () => ask("GET", "/api/schema");
/** @returns {Promise<import("./types.js").Preset[]>} */
export const presets = () => ask("GET", "/api/presets");
/** @returns {Promise<import("./types.js").Network[]>} */
export const networks = () => ask("GET", "/api/networks");
/** Remove all that was given and made, for good. */
export const forgetAll = () => ask("DELETE", "/api/me");
/** @returns {Promise<{visitor: string, shared: boolean}>} */
export const me = () => ask("GET", "/api/me");

/** Milliseconds until it is asked again what the server does not know yet. */
const AGAIN = 2000;

/** The layers of a network, once it is loaded. @param {string} network @param {string | null} photo
 * @returns {Promise<import("./types.js").Layer[]>} */
export async function layers(network, photo) {
  const found = await ask("GET", `/api/layers${query({ network, photo })}`);
  if (found.length) return found;
  await new Promise((done) => setTimeout(done, AGAIN));
  return layers(network, photo);
}

/** @param {string} q @param {string} network @param {AbortSignal} [signal] @returns {Promise<import("./types.js").Thing[]>} */
export const things = (q, network, signal) => ask("GET", `/api/classes${query({ q, network, portraits: 1 })}`, { signal });

/** @param {string} network @param {string} layer @param {number} first @param {number} count @returns {Promise<import("./types.js").Units>} */
export const units = (network, layer, first, count) => ask("GET", `/api/units${query({ network, layer, first, count })}`);

/** @param {string} text @returns {Promise<{ok: boolean, text: string}>} */
export const objective = (text) => ask("POST", "/api/objective", { json: { text } });

/** @returns {Promise<import("./types.js").Jobs>} */
export const jobs = () => ask("GET", "/api/jobs");
/** One job, with the ids of its pictures, the first first. @param {string} id @returns {Promise<import("./types.js").Job>} */
export const job = async (id) => {
  const found = await ask("GET", `/api/jobs/${id}`);
  return { ...found, pictures: found.pictures.map((/** @type {{id: string}} */ one) => one.id) };
};
/** Several variations are jobs of their own, named in ``jobs``. @param {object} wanted
 * @returns {Promise<import("./types.js").Job & {jobs: string[]}>} */
export const startJob = (wanted) => ask("POST", "/api/jobs", { json: wanted });
/** A quick small picture of what a job would come to; null where there is no time for it. @param {object} wanted
 * @param {AbortSignal} signal @returns {Promise<Blob | null>} */
export async function sketch(wanted, signal) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/jobs/sketch", { method: "POST", body: JSON.stringify(wanted), headers, signal });
  if (!answer.ok) throw new Refused(answer.status, answer.statusText, {});
  return answer.status === 204 ? null : answer.blob();
}
/** About how many seconds a job would take. @param {object} wanted @param {AbortSignal} signal @returns {Promise<number | null>} */
export const estimate = async (wanted, signal) => (await ask("POST", "/api/jobs/estimate", { json: wanted, signal })).seconds;
/** @param {string} id @param {object} wanted The settings that change, and files that are new. */
export const steerJob = (id, wanted) => ask("PATCH", `/api/jobs/${id}`, { json: wanted });
/** What is safe of a film that is being made, from a byte on; empty where there is no more yet, null once it is over.
 * @param {string} id @param {number} from */
export async function filmSoFar(id, from) {
  const answer = await fetch(`${filmUrl(id)}?from=${from}`, { cache: "no-store" });
  if (answer.status === 204) return null;
  return answer.ok ? answer.arrayBuffer() : new ArrayBuffer(0);
}
/** @param {string} id */
export const filmUrl = (id) => `/api/jobs/${id}/film`;
/** @param {string} id @param {"stop" | "pause" | "resume" | "cancel"} what */
export const tellJob = (id, what) => ask("POST", `/api/jobs/${id}/${what}`);
/** @param {string} id @param {number} to */
export const moveJob = (id, to) => ask("POST", `/api/jobs/${id}/move`, { json: { to } });

/**
 * @param {{before?: string | null, limit?: number, favourite?: number | null, kind?: string | null}} wanted
 * @returns {Promise<{items: import("./types.js").Made[], next: string | null}>}
 */
export const pictures = (wanted) => ask("GET", `/api/pictures${query(wanted)}`);
/** @param {string} id @returns {Promise<import("./types.js").Remembered>} */
export const remembered = (id) => ask("GET", `/api/pictures/${id}/recipe`);
/** @param {string} id @param {{favourite?: boolean, name?: string}} change */
export const changePicture = (id, change) => ask("PATCH", `/api/pictures/${id}`, { json: change });
/** @param {string} id @returns {Promise<{undo: string}>} */
export const deletePicture = (id) => ask("DELETE", `/api/pictures/${id}`);
/** @param {string} path */
export const undo = (path) => ask("POST", path);

/** What was given, as a file. @param {string} id */
export const fileUrl = (id) => `/api/photos/${id}/file`;
/** @param {string} id */
export const maskUrl = (id) => `/api/masks/${id}?side=320`;
/** A photograph, or a film's frame at a time. @param {string} id @param {number} side @param {number} [at] In seconds. */
export const photoUrl = (id, side, at = 0) => `/api/photos/${id}?side=${side}${at ? `&at=${at.toFixed(1)}` : ""}`;
/** @param {string} id */
export const thumbUrl = (id) => `/api/pictures/${id}/thumb`;
/** @param {string} id @param {{format?: string, download?: number}} [wanted] */
export const pictureUrl = (id, wanted = {}) => `/api/pictures/${id}${query(wanted)}`;
