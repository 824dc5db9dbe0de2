import { isGlob, type Policy } from "../../policy/index.ts";
import { languageOf } from "./automaton.ts";
import { Effort } from "./effort.ts";
import { findText, type Membership } from "./texts.ts";
import { escapePattern } from "./verdicts.ts";

/** Steps on one name. */
const STEPS = 20_000;

/** Names that read well are tried first; the others are those of any characters. */
const READABLE = "^[a-z][a-z0-9_]*$";

/** A name that all of the memberships admit, and that is none of the given ones; undefined where none was found. */
export function findName(
  memberships: readonly Membership[],
  except: Iterable<string>,
  readable = READABLE,
): string | undefined {
  const others = new Set(except);
  for (const form of [readable, "^(?s:.+)$"]) {
    const language = languageOf(form);
    if (language === undefined) continue;
    const found = findText(
      { memberships: [{ language, positive: true }, ...memberships], except: others },
      new Effort(STEPS),
    );
    if (found.kind === "yes") return found.text;
  }
  return undefined;
}

/** The names of a glob: `*` is any run of characters, and `?` one, unless it stands for itself. */
export function namesOf(globs: readonly string[], positive: boolean, anyOne = true): Membership[] {
  const alternatives = globs.map((glob) =>
    [...glob]
      .map((one) => (one === "*" ? ".*" : one === "?" && anyOne ? "." : escapePattern(one)))
      .join(""),
  );
  // Without alternatives there is no name.
  const pattern =
    globs.length === 0 ? "^(?s:[^\\x{0}-\\x{10ffff}])$" : `^(?s:${alternatives.join("|")})$`;
  const language = languageOf(pattern);
  return language === undefined ? [] : [{ language, positive }];
}

/** The globs of a policy that close tools which it does not list. */
export function closingGlobs({ hide = [], deny_tools = {} }: Policy): {
  readonly hidden: readonly string[];
  readonly denied: readonly string[];
} {
  const denied = Object.keys(deny_tools).filter((glob) => deny_tools[glob]?.shadow !== true);
  return { hidden: hide, denied };
}

/** Every name that a policy writes out. */
export function namesIn(policy: Policy): readonly string[] {
  const { hidden, denied } = closingGlobs(policy);
  const written = [...hidden, ...denied].filter((name) => !isGlob(name));
  return [...Object.keys(policy.tools ?? {}), ...written];
}
