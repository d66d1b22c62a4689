// Bounding boxes over a picture, in the format that the dataset says.

import { drawing, element } from "./dom.js";
import { isNumber } from "./exact.js";

const LENGTH = 4;

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/**
 * The corner and the size of a box, from its four numbers.
 *
 * @type {Record<string, (one: number, two: number, three: number, four: number) => Box>}
 */
const FORMATS = {
  ltwh: (x, y, width, height) => ({ x, y, width, height }),
  ltrb: (x, y, right, bottom) => ({ x, y, width: right - x, height: bottom - y }),
  ccwh: (x, y, width, height) => ({ x: x - width / 2, y: y - height / 2, width, height }),
};

/**
 * Return the lists of four numbers in a value: one of them, or nested lists of them.
 *
 * @param {any} value
 * @returns {any[][]}
 */
function quadruples(value) {
  if (!Array.isArray(value)) return [];
  return value.length === LENGTH && value.every(isNumber) ? [value] : value.flatMap(quadruples);
}

/**
 * Return a picture with the boxes of some columns over it; the picture itself where there are none.
 *
 * @param {HTMLCanvasElement} picture
 * @param {{name: string, format: string, value: any}[]} columns the values of the columns, each with its format: "ltwh pixel"
 * @returns {HTMLElement}
 */
export function withBoxes(picture, columns) {
  const layers = columns.map((column) => layer(picture, column)).filter((one) => one.childNodes.length);
  return layers.length ? element("span", { class: "boxed" }, picture, ...layers) : picture;
}

/**
 * @param {HTMLCanvasElement} picture
 * @param {{name: string, format: string, value: any}} column
 */
function layer(picture, { name, format, value }) {
  const { width, height } = picture;
  const [form, unit] = format.split(" ");
  const [across, down] = unit === "fractional" ? [width, height] : [1, 1];
  const rects = quadruples(value).flatMap((numbers, index) => {
    const [one, two, three, four] = numbers.map(Number);
    const box = FORMATS[form]?.(one * across, two * down, three * across, four * down);
    const isDrawn = box && Object.values(box).every(Number.isFinite) && box.width >= 0 && box.height >= 0;
    const title = drawing("title");
    title.textContent = `${name} ${index + 1}: ${numbers.map(String).join(", ")}`;
    return isDrawn ? [drawing("rect", box, title)] : [];
  });
  const label = `${rects.length} ${rects.length === 1 ? "box" : "boxes"} of ${name}`;
  return drawing("svg", { class: "boxes", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...rects);
}
