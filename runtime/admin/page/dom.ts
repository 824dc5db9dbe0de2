import { legible } from "../../approvals/legible.ts";

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * An element. Strings become text, whatever they hold; of attributes, `false` and undefined leave one out and `true`
 * is the empty value.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** A button that does something. */
export function button(
  attributes: Attributes,
  act: (event: MouseEvent) => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const made = h("button", { type: "button", ...attributes }, ...children);
  made.addEventListener("click", act);
  return made;
}

/** Foreign text in one line or paragraph, with what could hide or imitate something written as an escape. */
export function foreign(text: string, attributes: Attributes = {}): HTMLElement {
  return h("bdi", attributes, legible(text));
}

/** Foreign text that is a name in code. */
export function code(text: string, attributes: Attributes = {}): HTMLElement {
  return h("code", { dir: "ltr", ...attributes }, legible(text));
}

/** Where a rule stands, `FILE:LINE:COLUMN`, without the folders. */
export function sourcePlace(source: string): HTMLElement {
  return code(source.replace(/^.*[\\/]/s, ""), { title: legible(source) });
}

/** Puts text into an element unless it is there: whoever reads it is not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  check: "M4 12.5l5 5L20 6.5",
  cross: "M6 6l12 12M18 6L6 18",
  clock: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7.5V12l3 2",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 100 6 3 3 0 000-6z",
  hidden:
    "M3 3l18 18M10 5.7A9 9 0 0112 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 01-3 3.7M6.5 7.3A16 16 0 002.5 12S6 18.500 12 18.500a9 9 0 004-.9",
  stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM8.500 12h7",
  warning: "M12 3.500L22 20.500H2zM12 10v5M12 17.800v.2",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
} as const;
export type Icon = keyof typeof ICONS;

/** A picture that says nothing which the text beside it does not. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Says something to whoever does not see the page. */
export function announce(text: string): void {
  const live = document.getElementById("live");
  if (live !== null) live.textContent = text;
}
