/** Building and changing the document without markup in strings, so that no text of a device can ever become markup. */

export type Child = Node | string | number | false | undefined;

type Attributes = Record<string, string | number | boolean | undefined>;

/** An element with attributes and children. `true` is an attribute without value; `false` and `undefined` leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...present(children));
  return element;
}

/** Puts an attribute in its place, or takes it away. */
export function set(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Changes a text only when it differs, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...present(children));
}

/** An id that no other element has, for labels. */
export function freshId(stem: string): string {
  counter += 1;
  return `${stem}-${counter}`;
}

/** A part of the panel under its own heading. */
export function card(title: string, name: string, ...children: Child[]): HTMLElement {
  const id = freshId("heading");
  return h("section", { class: `card ${name}`, "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/** A switch with its label. */
export function toggle(title: string): { element: HTMLElement; box: HTMLInputElement } {
  const box = h("input", { type: "checkbox", role: "switch", class: "switch", id: freshId("toggle") });
  return { element: h("div", { class: "toggle" }, h("label", { for: box.id }, title), box), box };
}

let counter = 0;

function present(children: Child[]): (Node | string)[] {
  return children
    .filter((child) => child !== false && child !== undefined)
    .map((child) => (typeof child === "number" ? String(child) : child));
}
