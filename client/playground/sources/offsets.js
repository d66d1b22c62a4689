// Offsets: the server counts characters, JavaScript counts units of UTF-16, of which a character beyond U+FFFF has two.

/**
 * Return the number of characters before an offset of JavaScript.
 *
 * @param {string} text
 * @param {number} offset
 */
export function toCharacters(text, offset) {
  let count = 0;
  for (const _ of text.slice(0, offset)) count++;
  return count;
}

/**
 * Return a function that returns the offsets of JavaScript for the offsets of the server in a text.
 *
 * @param {string} text
 * @returns {(offset: number) => number}
 */
export function fromCharacters(text) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return (offset) => Math.min(offset, text.length);
  /** @type {number[]} */
  const places = [];
  let place = 0;
  for (const character of text) {
    places.push(place);
    place += character.length;
  }
  return (offset) => (offset < places.length ? places[offset] : text.length);
}
