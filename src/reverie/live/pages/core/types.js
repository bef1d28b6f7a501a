/** What the server tells, as types. */

/** @typedef {{label: string, place: string, thumb: string | null}} Placed A topic where it is dreamt. */
/** @typedef {{label: string, votes: number, people: number, names: string[], thumbs: (string | null)[]}} Queued */
/** @typedef {{at: number, label: string, who: string, name: string, from: string, room: boolean}} Wished */
/** @typedef {{shown: number, dreamt: number, repeated: number, late_ms: number, look: number, gap: number, ms: Record<string, number>}} Counts */

/**
 * @typedef {object} Show Moments are in seconds since 1970, by the server's clock.
 * @property {string} version
 * @property {string} title
 * @property {number} now
 * @property {number} began
 * @property {number | null} ends Null while it does not end by itself.
 * @property {number} hold
 * @property {boolean} holding
 * @property {boolean} paused
 * @property {boolean} calm
 * @property {Placed[]} topic
 * @property {"votes" | "again" | "playlist" | "moderator" | null} source
 * @property {number} people
 * @property {string[]} names
 * @property {Queued[]} queue
 * @property {number} waiting
 * @property {boolean} captions
 * @property {boolean} credits
 * @property {boolean} qr
 * @property {string} rights
 * @property {boolean} named
 * @property {boolean} music
 * @property {[number, number]} size
 * @property {number} viewers
 * @property {number} pages
 * @property {boolean} ready
 * @property {string} url
 * @property {{id: string, ends: number}} [code]
 * @property {boolean} [pulse]
 * @property {Counts | null} [counts]
 * @property {string[]} [banned]
 * @property {{voices: number, banned: number}} [crowd]
 * @property {Wished[]} [recent]
 */

/** @typedef {{label: string, names: string[], thumb: string | null, kind: "class" | "group" | "layer", members: number}} Found A topic that can be wished for. */
/** @typedef {{fine: boolean, words: string, label: string, near: string[], mine: string | null}} Reply */
/** @typedef {{mine: string | null, room: boolean, role: string}} Me */

export {};
