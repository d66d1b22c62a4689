// Elements of the page. Values of rows, names and messages become text nodes only, never markup.

/**
 * Return an element.
 *
 * @param {string} tag its name
 * @param {Record<string, any>} properties attributes; a function is a listener of the event of its name
 * @param {(Node | string | number | null | undefined)[]} children what is in it; a string is a text
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  assign(made, properties);
  made.append(...children.filter((child) => child != null).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

/**
 * Return an element of SVG.
 *
 * @param {string} tag
 * @param {Record<string, any>} properties
 * @param {Node[]} children
 */
export function drawing(tag, properties = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  assign(made, properties);
  made.append(...children);
  return made;
}

/**
 * @param {Element} made
 * @param {Record<string, any>} properties
 */
function assign(made, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
}

/**
 * Return the element of the page with an id.
 *
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}
