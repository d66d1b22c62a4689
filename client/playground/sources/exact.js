// JSON as the server writes it, without loss: integers beyond 2^53, 1.0 and -0.0, NaN and infinities keep their digits.
// Objects are Maps, so a key such as "__proto__" or "1" is a key like any other, in its place.

const NUMBER = /-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN/y;
const SPACE = /[ \t\n\r]*/y;

/** A number whose text JavaScript would not write. */
export class Exact {
  /** @param {string} source its text */
  constructor(source) {
    this.source = source;
  }

  valueOf() {
    return Number(this.source);
  }

  toString() {
    return this.source;
  }
}

/**
 * Tell whether a value is a number.
 *
 * @param {unknown} value
 */
export function isNumber(value) {
  return typeof value === "number" || value instanceof Exact;
}

/**
 * Return the value of a JSON text.
 *
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  let place = 0;

  /** @param {RegExp} pattern */
  function match(pattern) {
    pattern.lastIndex = place;
    const found = pattern.exec(text);
    if (!found) throw new SyntaxError(`no JSON at ${place}`);
    place = pattern.lastIndex;
    return found[0];
  }

  /** @param {string} word */
  function take(word) {
    match(SPACE);
    if (!text.startsWith(word, place)) return false;
    place += word.length;
    return true;
  }

  function string() {
    const start = place - 1;
    let isPlain = true;
    for (; ; place++) {
      const code = text.charCodeAt(place);
      if (code === 34) break;
      if (Number.isNaN(code)) throw new SyntaxError("a string has no end");
      if (code === 92) {
        isPlain = false;
        place++;
      }
    }
    place++;
    return isPlain ? text.slice(start + 1, place - 1) : JSON.parse(text.slice(start, place));
  }

  function list() {
    /** @type {any[]} */
    const found = [];
    if (take("]")) return found;
    do found.push(value());
    while (take(","));
    if (!take("]")) throw new SyntaxError(`no end of a list at ${place}`);
    return found;
  }

  function object() {
    const found = new Map();
    if (take("}")) return found;
    do {
      if (!take('"')) throw new SyntaxError(`no key at ${place}`);
      const key = string();
      if (!take(":")) throw new SyntaxError(`no value at ${place}`);
      found.set(key, value());
    } while (take(","));
    if (!take("}")) throw new SyntaxError(`no end of an object at ${place}`);
    return found;
  }

  /** @returns {any} */
  function value() {
    if (take('"')) return string();
    if (take("[")) return list();
    if (take("{")) return object();
    if (take("null")) return null;
    if (take("true")) return true;
    if (take("false")) return false;
    const source = match(NUMBER);
    const number = Number(source);
    return String(number) === source && Number.isFinite(number) ? number : new Exact(source);
  }

  const found = value();
  match(SPACE);
  if (place !== text.length) throw new SyntaxError(`more than one JSON value at ${place}`);
  return found;
}

/**
 * Return the JSON text of a value that `parse` returned.
 *
 * @param {any} value
 * @returns {string}
 */
export function write(value) {
  if (value instanceof Exact) return value.source;
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map(([key, part]) => `${JSON.stringify(key)}: ${write(part)}`).join(", ")}}`;
  return JSON.stringify(value);
}
