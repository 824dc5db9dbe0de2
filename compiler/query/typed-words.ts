import type { Path, Span } from "../../language/index.ts";
import { RESERVED } from "../../language/index.ts";
import type { Kind } from "../check/typing/literals.ts";

/** Reads paths out of the words of a statement that is still being typed, and so has no tree. */

/** The path whose last word stands before an index: `args . order . total`, `args [ "x" ]`. */
export function pathBefore(
  images: readonly string[],
  end: number,
): Pick<Path, "root" | "steps"> | undefined {
  const steps: Path["steps"][number][] = [];
  let at = end - 1;
  for (;;) {
    const image = images[at];
    if (image === "]" && images[at - 2] === "[") {
      steps.unshift(step(bracketed(images[at - 1] as string)));
      at -= 3;
    } else if (image !== undefined && isWord(image) && images[at - 1] === ".") {
      steps.unshift(step(image));
      at -= 2;
    } else break;
  }
  const root = images[at];
  if (root === undefined || !isWord(root)) return undefined;
  if (RESERVED.has(root) && !/^(args|grant|client)$/.test(root)) return undefined;
  return { root: { value: root, quoted: false, span: NO_SPAN }, steps };
}

const NO_SPAN: Span = { start: 0, end: 0 };

/** A key, or an index. */
export function step(value: string | number): Path["steps"][number] {
  return { kind: typeof value === "number" ? "index" : "key", value, quoted: false, span: NO_SPAN };
}

function bracketed(image: string): string | number {
  return image.startsWith('"') ? unquote(image) : Number(image);
}

function isWord(image: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(image);
}

/** A word or a JSON string as the text that it stands for. */
export function unquote(image: string): string {
  try {
    return image.startsWith('"') ? String(JSON.parse(image)) : image;
  } catch {
    return image.startsWith('"') ? image.slice(1) : image;
  }
}

/** Where in an object a place is: the keys whose braces are open before it. */
export function objectPath(images: readonly string[], root: string): Pick<Path, "root" | "steps"> {
  const open: (string | undefined)[] = [];
  for (const [index, image] of images.entries()) {
    if (image === "{") open.push(images[index - 1] === ":" ? images[index - 2] : undefined);
    else if (image === "}") open.pop();
  }
  const steps = open.flatMap((key) => (key === undefined ? [] : [step(unquote(key))]));
  return { root: { value: root, quoted: false, span: NO_SPAN }, steps };
}

/** What the function or the quantifier before a path reads; undefined where none stands there. */
export function kindsBefore(images: readonly string[]): ReadonlySet<Kind> | undefined {
  const root = images.findLastIndex((image) => image === "args" || image === "grant");
  const before = images[root - 1];
  if (before === "(") return READ_BY.get(images[root - 2] ?? "");
  const isLooked = before === "in" && /^(any|every)$/.test(images[root - 3] ?? "");
  return isLooked ? LISTS : undefined;
}

const LISTS: ReadonlySet<Kind> = new Set(["list"]);

const READ_BY: ReadonlyMap<string, ReadonlySet<Kind>> = new Map([
  ["sum", new Set<Kind>(["number"])],
  ["host", new Set<Kind>(["string"])],
  ["length", new Set<Kind>(["string", "list"])],
]);
