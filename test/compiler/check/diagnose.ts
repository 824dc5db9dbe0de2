import { expect } from "vitest";
import { check } from "../../../compiler/compile.ts";
import { type Diagnostic, type Fix, Source } from "../../../language/index.ts";
import { mark, marked } from "../source-marks.ts";
import { shop } from "./shop.ts";

export interface World {
  /** The tool list; the shop's by default, none with `null`. */
  readonly tools?: object | null;
  /** Files that can be imported, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Everything that is found in a policy, its imports aside. */
export function diagnose(
  text: string,
  { tools = shop, files = {} }: World = {},
): readonly Diagnostic[] {
  return check(new Source("policy.mcpp", text), {
    read: (path) => {
      const found = files[path];
      return found === undefined ? undefined : { name: path, text: found };
    },
    ...(tools === null ? {} : { toolList: new Source("shop.tools.json", JSON.stringify(tools)) }),
  }).diagnostics;
}

function errors(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ code, message }) => `${code} ${message}`);
}

/** The policy has no error, and nothing of this code. */
export function accepts(code: string, text: string, world: World = {}): void {
  const diagnostics = diagnose(text, world);
  expect(errors(diagnostics)).toEqual([]);
  expect(diagnostics.filter((one) => one.code === code).map(({ message }) => message)).toEqual([]);
}

/** The policy has no error, and diagnostics of this code exactly at its marks. */
export function reports(code: string, source: string, world: World = {}): readonly Diagnostic[] {
  const { text } = marked(source);
  const diagnostics = diagnose(text, world);
  expect(errors(diagnostics)).toEqual([]);
  const found = diagnostics.filter((one) => one.code === code);
  expect(
    mark(
      text,
      found.map(({ span }) => span),
    ),
  ).toBe(source);
  for (const one of found) expectFixesToMend(code, text, found.length, one, world);
  return found;
}

/** Each fix alone takes its diagnostic away and leaves a policy without errors. */
function expectFixesToMend(
  code: string,
  text: string,
  before: number,
  diagnostic: Diagnostic,
  world: World,
): void {
  for (const fix of diagnostic.fixes ?? []) {
    const mended = applied(text, fix);
    const after = diagnose(mended, world);
    expect(errors(after), `${fix.title}:\n${mended}`).toEqual([]);
    expect(
      after.filter((one) => one.code === code).length,
      `${fix.title} should mend it:\n${mended}`,
    ).toBeLessThan(before);
  }
}

/** The text after a fix, which must not touch other files. */
export function applied(text: string, fix: Fix): string {
  const edits = [...fix.edits].sort((a, b) => b.span.start - a.span.start);
  return edits.reduce(
    (mended, { span, text: insert }) =>
      mended.slice(0, span.start) + insert + mended.slice(span.end),
    text,
  );
}

/** The policies that the fixes of the only diagnostic of a code lead to, best first. */
export function mended(code: string, text: string, world: World = {}): readonly string[] {
  const found = diagnose(text, world).filter((one) => one.code === code);
  expect(found).toHaveLength(1);
  return (found[0]?.fixes ?? []).map((fix) => applied(text, fix));
}
