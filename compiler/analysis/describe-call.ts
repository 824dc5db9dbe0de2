import type { Json } from "../../policy/index.ts";
import type { JudgedCall } from "../host.ts";

/** The call as a step of a test writes it: `create_refund { amount: 5001 }`. */
export function callText({ tool, args }: Pick<JudgedCall, "tool" | "args">): string {
  return `${isName(tool) ? tool : JSON.stringify(tool)} ${objectText(args)}`;
}

/** Who calls and when, as far as it matters: ` by a grant with the label role = "support"`; may be empty. */
export function contextText({ grant, client, now, anyTime }: JudgedCall): string {
  const labels = Object.entries(grant.labels).map(
    ([name, value]) => `${name} = ${JSON.stringify(value)}`,
  );
  const who = [
    ...(grant.name === "local" ? [] : [`named ${JSON.stringify(grant.name)}`]),
    ...(labels.length === 0 ? [] : [`with ${labels.join(", ")}`]),
  ];
  return [
    who.length === 0 ? "" : ` by a grant ${who.join(" ")}`,
    client === undefined ? "" : ` from a client ${objectText(client)}`,
    anyTime ? "" : ` at ${timeText(now)}`,
  ].join("");
}

/** RFC 3339, in UTC; without seconds where there are none. */
export function timeText(now: number): string {
  return new Date(now).toISOString().replace(/(?::00)?\.000Z$/, "Z");
}

function valueText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return objectText(value as { readonly [key: string]: Json });
  }
  return JSON.stringify(value);
}

function objectText(object: { readonly [key: string]: Json | undefined }): string {
  const members = Object.entries(object).map(
    ([key, value]) => `${isName(key) ? key : JSON.stringify(key)}: ${valueText(value ?? null)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text);
}
