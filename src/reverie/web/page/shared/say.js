/**
 * What says the texts of a page by their names, with values in place of theirs in braces;
 * {count, one: a, other: # of b} chooses by number.
 * @template {Record<string, string>} Texts
 * @param {Texts} texts
 */
export const saying =
  (texts) =>
  /**
   * @param {keyof Texts & string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  (key, values = {}) => {
    const text = texts[key] ?? key;
    return text
      .replace(/\{(\w+), one: ([^,]*), other: ([^}]*)\}/g, (_, name, one, other) => (values[name] === 1 ? one : other.replace("#", String(values[name]))))
      .replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
