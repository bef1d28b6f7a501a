/**
 * What the server says and what the page keeps, for the type checker.
 *
 * @typedef {"dream" | "portrait" | "zoom" | "film" | "fool"} Kind A tab, and the kind of what it makes.
 * @typedef {Kind | "network" | "gallery"} View
 * @typedef {{id: string, name: string, width: number, height: number, warnings?: string[], film?: boolean,
 *   duration?: number}} Photo
 * @typedef {{name: string, title?: string, help?: string, type: string, min?: number, max?: number, step?: number,
 *   choices?: string[], default?: any, panel?: string, exclusive?: boolean}} Field
 * @typedef {{defaults: Record<string, any>, fields: Field[]}} KindSchema
 * @typedef {{version: string, kinds: Record<Kind, KindSchema>}} Schema
 * @typedef {{name: string, kind: string, summary: string, history: string, recipe: Record<string, any>}} Preset
 * @typedef {{name: string, default: boolean, classes: boolean}} Network
 * @typedef {{name: string, channels: number, words: string, objective: string, thumbnail: string | null}} Layer
 * @typedef {{index: number | null, name: string, names: string[], group: boolean, members?: any, portrait: string | null}} Thing
 * @typedef {{name: string, title: string, index: number, portrait: string | null}} Unit A channel of a layer, or a class.
 * @typedef {{layer: string, words: string, channels: number, units: Unit[]}} Units Some of a layer's.
 * @typedef {{octave: number, octaves: number, step: number, steps: number, share: number, score?: number, text?: string}} Progress
 * @typedef {"waiting" | "running" | "paused" | "done" | "stopped" | "failed" | "cancelled"} JobState
 * @typedef {{id: string, kind: string, state: JobState, position: number | null, share: number | null, photo: string | null,
 *   part?: Share | null, plays?: boolean, seconds?: number | null, picture: string | null, pictures?: string[], error: string | null, label: string, created: number | string,
 *   recipe?: Record<string, any>}} Job
 * @typedef {{group: string, number: number, of: number}} Share One of several variations.
 * @typedef {{running: Job[], waiting: Job[], recent: Job[]}} Jobs
 * @typedef {{id: string, job: string, kind: string, name: string, created: number | string, width: number,
 *   height: number, favourite: boolean, thumb: string, label: string}} Made
 * @typedef {{kind: string, recipe: Record<string, any>, targets?: string[], photo: string | null, preset: string | null, command: string,
 *   files?: {name: string, what: string, id: string}[], mask?: string | null, network: string, seed: number, missing?: string[], steered?: object[], repeatable: boolean, why_not?: string}} Remembered
 *
 * @typedef {{kind: "layer" | "unit" | "thing" | "guide", name: string, label: string, weight: number, picture: string | null,
 *   objective?: string}} Part One thing that is to be seen, with its weight; objective: how a layer is written.
 * @typedef {{points: [number, number][], size: number, erase: boolean}} Stroke In shares of the picture's width and height.
 * @typedef {{strokes: Stroke[], paints: "stay" | "dream", feather: number, id: string | null,
 *   under?: string | null}} Painting under: the id of a mask that it begins with.
 * @typedef {{preset: string, changes: Record<string, any>, parts: Part[], text: string | null, whole: boolean,
 *   photo: Photo | null, painting: Painting | null, targets: string[], variations: number}} Draft What a tab is
 *   about to ask for; ``changes`` has dotted names, such as "zoom.duration".
 * @typedef {{id: string, group: string[], state: JobState, progress: Progress | null, picture: string | null, pictures: string[],
 *   behind: string | null, error: string | null, photo: string | null, sent: Record<string, any>, started: number,
 *   made: Record<string, string>, alone: boolean, trial: boolean, plays: boolean, later: boolean, since?: {at: number, share: number} | null,
 *   steered?: number}} Current The job that a tab
 *   shows; group: all jobs of one wish, this one among them; behind: the picture that is seen until there is another; made: by
 *   job, its newest picture; alone: one of several is seen by itself; trial: it is one second of what is wanted; plays: of a
 *   film that is being made, what there is plays; later: it was said that something counts for the next one; since: when its first step was heard of; steered: when it was last changed.
 */
export {};
