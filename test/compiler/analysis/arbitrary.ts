import fc from "fast-check";
import type {
  ComparisonOperator,
  Condition,
  Literal,
  Operand,
  Path,
} from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";

const span = { start: 0, end: 0 };

export function path(...keys: readonly (string | number)[]): Path {
  return {
    kind: "path",
    span,
    root: { span, value: "args", quoted: false },
    steps: keys.map((value) => ({
      span,
      kind: typeof value === "number" ? "index" : "key",
      value,
      quoted: false,
    })),
  };
}

export function node(value: Json): Literal {
  if (value === null) return { kind: "null", span };
  if (typeof value === "string") return { kind: "string", span, value };
  if (typeof value === "number") return { kind: "number", span, value, text: String(value) };
  if (typeof value === "boolean") return { kind: "boolean", span, value };
  return { kind: "list", span, items: (value as readonly Json[]).map(node) };
}

export function comparison(left: Operand, operator: ComparisonOperator, right: Operand): Condition {
  return { kind: "comparison", span, left, operator, operatorSpan: span, right };
}

const scalars: readonly Json[] = [true, false, -1, 0, 1, 1.5, 2, "", "a", "ab", "ba", "b"];
export const scalar = fc.constantFrom(...scalars);
const paths = fc.constantFrom(path("a"), path("b"), path("c"), path("c", "d"), path("l", 0));

const operand = fc.record({ path: paths, fallback: fc.option(scalar, { freq: 4 }) }).map(
  ({ path, fallback }): Operand => ({
    kind: "path-operand",
    span,
    path,
    ...(fallback === null ? {} : { else: node(fallback) }),
  }),
);

const leaf: fc.Arbitrary<Condition> = fc.oneof(
  paths.map((path): Condition => ({ kind: "has", span, path })),
  fc
    .tuple(paths, fc.constantFrom("==" as const, "!=" as const))
    .map(([path, operator]) =>
      comparison({ kind: "path-operand", span, path }, operator, node(null)),
    ),
  fc
    .tuple(
      operand,
      fc.constantFrom("==" as const, "!=" as const),
      fc.oneof(scalar, fc.constant(["a"])),
    )
    .map(([left, operator, right]) => comparison(left, operator, node(right))),
  fc
    .tuple(
      operand,
      fc.constantFrom("in" as const, "not in" as const),
      fc.array(scalar, { minLength: 1, maxLength: 3 }),
    )
    .map(([left, operator, right]) => comparison(left, operator, node(right))),
  fc
    .tuple(
      operand,
      fc.constantFrom("<" as const, "<=" as const, ">" as const, ">=" as const),
      fc.constantFrom(-1, 0, 1, 1.5, 2),
    )
    .map(([left, operator, right]) => comparison(left, operator, node(right))),
  fc
    .tuple(
      operand,
      fc.constantFrom("starts with" as const, "ends with" as const, "contains" as const),
      fc.constantFrom("", "a", "ab", "b"),
    )
    .map(([left, operator, right]) => comparison(left, operator, node(right))),
  fc
    .tuple(
      paths,
      fc.constantFrom("<" as const, ">=" as const, "==" as const),
      fc.constantFrom(0, 1, 2),
    )
    .map(([path, operator, right]) =>
      comparison({ kind: "length", span, path }, operator, node(right)),
    ),
  fc
    .tuple(fc.constantFrom("<" as const, "==" as const), operand, fc.constantFrom(0, 1))
    .map(([operator, right, left]) => comparison(node(left), operator, right)),
);

/** Conditions over few paths and few values, so that they meet often. */
export const condition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition; leaf: Condition }>(
  (tie) => ({
    leaf,
    tree: fc.oneof(
      { maxDepth: 3 },
      tie("leaf"),
      fc
        .tuple(
          fc.constantFrom("and" as const, "or" as const),
          fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, operands]): Condition => ({ kind, span, operands })),
      tie("tree").map((operand): Condition => ({ kind: "not", span, operand })),
    ),
  }),
).tree;

const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom<Json>([], ["a"], ["b", "ab"], {}) },
);

/** Arguments over the same paths and values. */
export const args: fc.Arbitrary<Json> = fc.record(
  {
    a: value,
    b: value,
    c: fc.oneof(value, fc.record({ d: value }, { requiredKeys: [] })),
    l: fc.oneof(value, fc.array(value, { maxLength: 2 })),
  },
  { requiredKeys: [] },
);
