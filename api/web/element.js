/** Building and filling elements.  Text is only ever set as text: what a caller sent is never read as HTML. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]  `class`, `dataset`, `on<event>`, `aria-*`, or any property of the element
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === 'class') element.className = value;
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name.includes('-') || name === 'role') element.setAttribute(name, value);
    else element[name] = value;
  }
  fill(element, ...children);
  return element;
}

/** Replace what is in an element.  A button or link in it that has the keyboard's focus gives it to the new one of its id, or that says the same. */
export function fill(element, ...children) {
  const passOn = focusIn(element);
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child))));
  passOn?.();
}

/** How to give the focus to the element that will stand for the one that has it now; undefined where none in there has it. */
function focusIn(element) {
  const held = document.activeElement;
  if (!held?.matches('button, a') || !element.contains(held) || held === element) return undefined;
  const alike = () => [...element.querySelectorAll(held.localName)].filter((one) => one.textContent === held.textContent);
  const index = alike().indexOf(held);
  return () => (held.id ? document.getElementById(held.id) : alike()[index])?.focus({ preventScroll: true });
}

/** Set a text only where it changed: a screen reader and a selection are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @returns {HTMLElement} the element of an id; it must be there */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/**
 * Keep a list of elements in step with a list of things: kept by key, changed in place, in the given order.
 * @template Thing
 * @param {HTMLElement} parent
 * @param {Thing[]} things
 * @param {(thing: Thing) => string} keyOf
 * @param {(thing: Thing) => HTMLElement} create
 * @param {(element: HTMLElement, thing: Thing) => void} update
 */
export function keepList(parent, things, keyOf, create, update) {
  const before = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  const wanted = new Set(things.map(keyOf));
  // Those that leave go first: who stays is not moved then, and keeps the focus.
  for (const [key, element] of before) if (!wanted.has(key)) element.remove();
  let place = parent.firstElementChild;
  for (const thing of things) {
    const key = keyOf(thing);
    let element = before.get(key);
    if (!element) {
      element = create(thing);
      element.dataset.key = key;
    }
    update(element, thing);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}
