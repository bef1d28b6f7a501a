/** Settings by dotted names, and as the nested recipe that the server knows. */

/** @param {Record<string, any> | null | undefined} recipe @param {string} name @returns {any} */
export function read(recipe, name) {
  let value = recipe;
  for (const part of name.split(".")) value = value?.[part];
  return value;
}

/** @param {Record<string, any>} flat @returns {Record<string, any>} */
export function nested(flat) {
  /** @type {Record<string, any>} */
  const recipe = {};
  for (const [name, value] of Object.entries(flat)) {
    const [part, inner] = name.split(".");
    if (inner) recipe[part] = { ...recipe[part], [inner]: value };
    else recipe[name] = value;
  }
  return recipe;
}

/** The layer at which a guide picture is compared. */
export const GUIDE_LAYER = "block5a";

const PARTS = ["portrait", "sites", "zoom", "film"];

/** @param {Record<string, any>} recipe @returns {Record<string, any>} */
export function flat(recipe) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const [name, value] of Object.entries(recipe)) {
    if (!PARTS.includes(name)) found[name] = value;
    else if (value) for (const [inner, what] of Object.entries(value)) found[`${name}.${inner}`] = what;
  }
  return found;
}

/** @param {unknown} one @param {unknown} other */
export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What of flat settings ``now`` differs from ``before``. @param {Record<string, any>} before @param {Record<string, any>} now */
export function difference(before, now) {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(value, before[name])));
}
