// The SELECTs of a query as nested boxes, and the engine's plan as a tree.

import { element } from "./dom.js";

/**
 * @typedef {object} Level
 * @property {[string, string][]} clauses
 * @property {string} why
 * @property {Level[]} below
 */

/**
 * Return a level with those below it inside.
 *
 * @param {Level} level
 * @returns {HTMLElement}
 */
export function boxes(level) {
  const clauses = level.clauses.map(([word, text]) => element("div", { class: "clause" }, element("b", {}, word), ` ${text}`));
  const why = level.why ? element("p", { class: "why" }, level.why) : null;
  return element("div", { class: "level" }, ...clauses, why, ...level.below.map(boxes));
}

/**
 * Return a plan of the engine.
 *
 * @param {{Plan?: string, children?: any[]}} plan
 * @returns {HTMLElement}
 */
export function plan(plan) {
  const children = (plan.children ?? []).map((child) => element("li", {}, planOf(child)));
  return element("div", { class: "plan" }, element("code", {}, plan.Plan ?? ""), children.length ? element("ul", {}, ...children) : null);
}

const planOf = plan;
