/** Calls of the server: one function each. */

/** What the server refused, in one sentence. */
export class Refused extends Error {}

/** @param {string} method @param {string} path @param {unknown} [json] @param {AbortSignal} [signal] @returns {Promise<any>} */
async function ask(method, path, json, signal) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const answer = await fetch(path, { method, body, signal, headers: body ? { "Content-Type": "application/json" } : {} });
  const said = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(said.error ?? `${answer.status} ${answer.statusText}`);
  return said;
}

/** @returns {Promise<import("./types.js").Me>} */
export const me = () => ask("GET", "/api/me");
/** @param {string} text @param {string} name @returns {Promise<import("./types.js").Reply>} */
export const wish = (text, name) => ask("POST", "/api/wishes", { text, name });
/** @param {string} label @param {string} name @returns {Promise<import("./types.js").Reply>} */
export const vote = (label, name) => ask("POST", "/api/votes", { label, name });
/** @returns {Promise<import("./types.js").Reply>} */
export const withdraw = () => ask("DELETE", "/api/votes");
/** @param {string} code */
export const enterRoom = (code) => ask("POST", "/api/room", { code });
/** @param {string} q @param {AbortSignal} [signal] @returns {Promise<import("./types.js").Found[]>} */
export const topics = (q, signal) => ask("GET", `/api/topics?${new URLSearchParams({ q })}`, undefined, signal);
/** What a moderator does. @param {string} what @param {object} [more] @returns {Promise<import("./types.js").Show>} */
export const moderate = (what, more = {}) => ask("POST", `/api/moderator/${what}`, more);
