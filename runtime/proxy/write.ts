import type { Json } from "../../policy/index.ts";
import type { Admitted } from "./admit.ts";
import type { NumberTexts } from "./scan.ts";

/** The message as it is forwarded: what was judged, and nothing else. */
export function writeAdmitted({ text, value, numbers }: Admitted): string {
  return text ?? write(value, numbers);
}

/** JSON text of a scanned value, without white space; numbers as they were written. */
export function write(value: Json, numbers: NumberTexts): string {
  if (numbers.size === 0) return JSON.stringify(value);
  return writeValue(value, numbers);
}

// The scanner has bounded the depth, so the recursion is bounded too.
function writeValue(value: Json, numbers: NumberTexts): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const texts = numbers.get(value);
  const member = (key: string, held: Json): string =>
    (typeof held === "number" ? texts?.get(key) : undefined) ?? writeValue(held, numbers);
  if (isList(value)) return `[${value.map((item, i) => member(String(i), item)).join(",")}]`;
  const members = Object.entries(value).map(
    ([key, held]) => `${JSON.stringify(key)}:${member(key, held)}`,
  );
  return `{${members.join(",")}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
