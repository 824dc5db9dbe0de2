import type { Json, PathSteps } from "../../../policy/index.ts";
import { type Edit, isObject, type Situation, valueAt } from "./edit.ts";
import { valuesOf } from "./values.ts";
import type { Surroundings, Way } from "./ways.ts";

/** Arguments that are looked at for what a schema may want otherwise. */
const MAX_PLACES = 64;

/** Ways in which arguments may come to match their schema: each is a change of one argument; to be tried. */
export function waysToMatch(schema: Json, { situation }: Surroundings): readonly Way[] {
  const ways: Way[] = [];
  visit(schema, schema, [], situation, ways);
  return ways.slice(0, MAX_PLACES);
}

/** The part of a schema that is about the value at these steps. */
export function schemaBelow(root: Json | undefined, path: PathSteps): Json | undefined {
  let schema = resolved(root, root);
  for (const step of path) {
    if (!isObject(schema)) return undefined;
    const { properties, items } = schema;
    const next =
      typeof step === "number"
        ? items
        : isObject(properties) && Object.hasOwn(properties, step)
          ? properties[step]
          : undefined;
    schema = resolved(next, root);
  }
  return schema;
}

function resolved(schema: Json | undefined, root: Json | undefined): Json | undefined {
  if (!isObject(schema) || typeof schema.$ref !== "string") return schema;
  if (!schema.$ref.startsWith("#/")) return undefined;
  let found: Json | undefined = root;
  for (const step of schema.$ref.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

function visit(
  given: Json | undefined,
  root: Json,
  path: PathSteps,
  situation: Situation,
  ways: Way[],
): void {
  const schema = resolved(given, root);
  if (!isObject(schema) || ways.length > MAX_PLACES) return;
  const value = valueAt(situation.args, path);
  if (path.length > 0) ways.push(...here(schema, path, value));
  const { properties, required, items } = schema;
  if (isObject(value) || path.length === 0) {
    const known = isObject(properties) ? properties : {};
    for (const name of Object.keys(isObject(value) ? value : situation.args)) {
      const below = [...path, name];
      if (Object.hasOwn(known, name)) visit(known[name], root, below, situation, ways);
      else ways.push([{ kind: "no argument", path: below }]);
    }
    for (const name of Array.isArray(required) ? (required as readonly Json[]) : []) {
      const below = [...path, String(name)];
      if (valueAt(situation.args, below) === undefined) {
        visit(known[String(name)] ?? {}, root, below, situation, ways);
      }
    }
  }
  if (Array.isArray(value)) {
    for (const index of value.keys()) visit(items, root, [...path, index], situation, ways);
  }
}

function here(
  schema: { readonly [key: string]: Json },
  path: PathSteps,
  value: Json | undefined,
): readonly Way[] {
  const { known, sample } = valuesOf(schema);
  const set = (to: Json, wanted: string, options?: readonly Json[]): Way => {
    const edit: Edit = {
      kind: "argument",
      path,
      value: to,
      wanted,
      ...(options !== undefined && { options }),
    };
    return [edit];
  };
  if (known !== undefined && known.length > 0) return [set(known[0] as Json, "", known)];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, maxLength, type } = schema;
  const ways: Way[] = [];
  if (typeof value === "number") {
    if (typeof maximum === "number") ways.push(set(maximum, `at most ${maximum}`));
    if (typeof minimum === "number") ways.push(set(minimum, `at least ${minimum}`));
    if (typeof exclusiveMaximum === "number")
      ways.push(set(exclusiveMaximum - 1, `below ${exclusiveMaximum}`));
    if (typeof exclusiveMinimum === "number")
      ways.push(set(exclusiveMinimum + 1, `above ${exclusiveMinimum}`));
    if (type === "integer") ways.push(set(Math.trunc(value), "a whole number"));
  }
  if (typeof value === "string" && typeof maxLength === "number") {
    ways.push(set([...value].slice(0, maxLength).join(""), `of at most ${maxLength} characters`));
  }
  const name = Array.isArray(type) ? type.join(" or ") : type;
  ways.push(set(sample, typeof name === "string" ? `given (${name})` : "given"));
  return ways;
}
