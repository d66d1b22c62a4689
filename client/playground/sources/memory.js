// What the page keeps until its tab is closed: the text that is written, the queries that were run, the theme; never the token.

const DRAFT = "tql.draft";
const HISTORY = "tql.history";
const THEME = "tql.theme";
const MOST = 50;

/**
 * @typedef {object} Run
 * @property {string} text
 * @property {string | null} dataset
 * @property {string} outcome
 */

/**
 * @param {string} key
 * @param {any} otherwise
 */
function read(key, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}

/**
 * @param {string} key
 * @param {any} value
 */
function keep(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The browser keeps nothing, or no more than it has: the page works without.
  }
}

/** @returns {{text: string, shared: string | null} | null} the text that was written, and the shared text that it began with */
export const draft = () => read(DRAFT, null);

/**
 * @param {string} text
 * @param {string | null} shared
 */
export const keepDraft = (text, shared) => keep(DRAFT, { text, shared });

/** @returns {Run[]} the queries that were run, the newest first */
export const runs = () => read(HISTORY, []);

/** @param {Run} run */
export function keepRun(run) {
  const others = runs().filter((one) => one.text !== run.text || one.dataset !== run.dataset);
  keep(HISTORY, [run, ...others].slice(0, MOST));
}

/** @returns {"light" | "dark" | null} */
export const theme = () => read(THEME, null);

/** @param {"light" | "dark"} value */
export const keepTheme = (value) => keep(THEME, value);
