/** Every text of the show's pages. To translate them, translate this file. */

export const texts = {
  // Everywhere
  "lost": "The show does not answer. It goes on as soon as it does.",
  "loading": "One moment …",
  "now": "On the stage now",
  "nothing": "Nothing yet",
  "placed": "{label} {place}",
  "place.upper": "above",
  "place.lower": "below",
  "place.left": "on the left",
  "place.right": "on the right",
  "place.inner": "in the middle",
  "place.outer": "around it",
  "by.people": "wished by {people, one: one person, other: # people}",
  "by.names": "wished by {names}",
  "by.names.more": "wished by {names} and {others, one: one more, other: # more}",
  "by.moderator": "chosen by a moderator",
  "by.again": "wished for before",
  "search.none": "Nothing is called “{wanted}” here.",
  "search.found": "What fits what you typed",
  "search.group": "any of {members}",
  "search.layer": "a pattern",

  // The audience
  "audience.wish": "What shall it dream?",
  "audience.send": "Wish",
  "audience.two": "Two at a time: volcano + goldfish",
  "audience.mine": "Your voice",
  "audience.free": "Take it back",
  "audience.next": "What comes next",
  "audience.queue.none": "Nobody has wished for anything. The dream goes its own way until somebody does.",
  "audience.vote": "Vote for {label}",
  "audience.voted": "Your voice is for {label}",
  "audience.votes": "{votes, one: one voice, other: # voices}",
  "audience.when.first": "next, in {span}",
  "audience.when": "in about {minutes} min",
  "audience.when.held": "next",
  "audience.more": "and {more, one: one more, other: # more}",
  "audience.ends": "Changes in {span}",
  "audience.held": "A moderator lets it stay",
  "audience.paused": "The dream stands still for a moment",
  "audience.ideas": "Ideas",
  "audience.near": "Did you mean",
  "audience.room": "You are in the room",
  "audience.room.what": "Your voice counts by itself, however many share your network.",
  "audience.name": "Your name, if it may be shown",
  "audience.watch": "Watch here",
  "audience.unwatch": "Hide",
  "audience.picture": "The dream",
  "audience.off": "The dream begins in a moment",

  // The stage
  "stage.title": "The dream",
  "stage.bar": "The stage",
  "stage.full": "Full screen",
  "stage.sound": "Sound",
  "stage.microphone": "Let the microphone move the dream",
  "stage.captions": "Captions",
  "stage.code": "Code for phones",
  "stage.scan": "What shall it dream?",
  "stage.code.alt": "QR code: open {url} on your phone",
  "stage.now": "The dream shows {topic}",
  "stage.now.by": "The dream shows {topic}, {by}",
  "stage.credits": "A neural network dreams, live. What you see is chosen by those who watch.",
  "stage.rights": "Music: {rights}",
  "stage.waits": "The dream begins in a moment …",
  "stage.lost": "The picture comes back by itself …",
  "stage.refused": "The microphone may not be used here: {why}",

  // The overlay
  "overlay.next": "Next",
  "overlay.title": "What is dreamt",

  // The moderator
  "mod.title": "Moderator",
  "mod.only": "This page is for moderators. Open the link that was printed when the show began.",
  "mod.do": "What to do",
  "mod.skip": "Skip",
  "mod.skip.what": "Show something else at once",
  "mod.hold": "Hold",
  "mod.hold.what": "Let what is shown stay",
  "mod.pause": "Pause",
  "mod.pause.what": "Let the dream stand still",
  "mod.calm": "Calm down",
  "mod.calm.what": "Dream more gently",
  "mod.show": "Show at once",
  "mod.show.label": "Show something at once",
  "mod.show.of": "Show {label} at once",
  "mod.queue": "The queue",
  "mod.queue.none": "The queue is empty.",
  "mod.ban": "Ban",
  "mod.ban.of": "Ban {label}",
  "mod.banned": "Banned",
  "mod.banned.none": "Nothing is banned.",
  "mod.allow": "Allow",
  "mod.allow.of": "Allow {label} again",
  "mod.recent": "The newest wishes",
  "mod.recent.none": "Nobody has wished for anything yet.",
  "mod.person": "Ban person",
  "mod.person.of": "Take no wishes of {who} for a day",
  "mod.address": "Ban address",
  "mod.address.of": "Take no wishes from the address of {who} for a day",
  "mod.pardon": "Let all {banned} back in",
  "mod.in.room": "in the room",
  "mod.chat": "chat",
  "mod.figures": "Figures",
  "mod.done": "Done: {what}",
  "mod.viewers": "Viewers",
  "mod.pages": "Open pages",
  "mod.voices": "People with a voice",
  "mod.shown": "Frames shown",
  "mod.dreamt": "Dreamt",
  "mod.repeated": "Repeated",
  "mod.look": "Size of looks",
  "mod.off": "The dreamer is not there yet.",
  "mod.keys": "Keys: S skips, H holds, P pauses, C calms down.",
};

/** @typedef {keyof typeof texts} Key */

/**
 * A text with values in place of their names in braces; {count, one: a, other: # of b} chooses by number.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text
    .replace(/\{(\w+), one: ([^,]*), other: ([^}]*)\}/g, (_, name, one, other) => (values[name] === 1 ? one : other.replace("#", String(values[name]))))
    .replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
