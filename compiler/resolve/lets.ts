import type { Condition, Let, Name, Source } from "../../language/index.ts";
import { tooDeep } from "../messages/lowering.ts";
import { cycle, unknownName } from "../messages/names.ts";
import type { Bound, BoundLet } from "../program.ts";
import { ConditionResolver, MAX_DEPTH } from "./conditions.ts";
import type { Definitions } from "./definitions.ts";
import type { Kept, Recall } from "./recall.ts";
import type { Reporter } from "./reporter.ts";
import { respan } from "./respan.ts";
import { hintFor } from "./spelling.ts";

type Value = NonNullable<BoundLet["value"]>;

const kept = new WeakMap<Let, Kept<Value | undefined>>();
const isKnown = (value: Value | undefined): boolean => value !== undefined;

/** The lets of a policy; each is resolved when it is first mentioned, so their order has no meaning. */
export class Lets {
  readonly #definitions: Definitions;
  readonly #reporter: Reporter;
  readonly #recall: Recall;
  readonly #values = new Map<string, Value | undefined>();
  readonly #uses = new Map<string, number>();
  readonly #open: string[] = [];

  constructor(definitions: Definitions, reporter: Reporter, recall: Recall) {
    this.#definitions = definitions;
    this.#reporter = reporter;
    this.#recall = recall;
  }

  has(name: string): boolean {
    return this.#recall.heard("is let", name, this.#definitions.lets.has(name));
  }

  /** What a name stands for, if it is known; no use of it. */
  valueOf(name: string): Value | undefined {
    const bound = this.#definitions.lets.get(name);
    return bound === undefined ? undefined : this.#value(name, bound);
  }

  count(name: string): void {
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
  }

  /** What a mention stands for; `undefined` when that is not known, which was then reported. */
  use(name: Name, source: Source): Value | undefined {
    const { lets, doubtful } = this.#definitions;
    const bound = lets.get(name.value);
    if (bound !== undefined) {
      this.count(name.value);
      return this.#recall.heard("let", name.value, this.#value(name.value, bound));
    }
    if (!doubtful(name.value)) {
      const extras = hintFor(name.value, lets.keys(), name.span);
      this.#reporter.report(unknownName, { name: name.value }, source, name.span, extras);
    }
    return undefined;
  }

  /** All of them, resolved. */
  all(): Map<string, BoundLet> {
    const { lets } = this.#definitions;
    for (const [name, bound] of lets) this.#value(name, bound);
    return new Map(
      [...lets].map(([name, bound]) => {
        const value = this.#values.get(name);
        const uses = this.#uses.get(name) ?? 0;
        return [name, { ...bound, name, uses, ...(value === undefined ? {} : { value }) }];
      }),
    );
  }

  #value(name: string, bound: Bound<Let>): Value | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    const at = this.#open.indexOf(name);
    if (at >= 0) {
      const path = [...this.#open.slice(at), name];
      for (const member of path) this.#values.set(member, undefined);
      this.#reporter.report(cycle, { what: "let", path }, bound.source, bound.node.name.span);
      return undefined;
    }
    if (this.#open.length >= MAX_DEPTH) {
      const { span } = bound.node.name;
      this.#reporter.report(tooDeep, { what: "deep" }, bound.source, span);
      return undefined;
    }
    this.#open.push(name);
    const value = this.#recall.of(kept, bound.node, [], isKnown, () => this.#resolve(bound));
    this.#open.pop();
    if (!this.#values.has(name)) this.#values.set(name, value);
    return this.#values.get(name);
  }

  #resolve({ node, source }: Bound<Let>): Value | undefined {
    const { value } = node;
    switch (value.kind) {
      case "string":
      case "number":
      case "boolean":
      case "null":
      case "list":
        return { kind: "literal", literal: value };
      case "reference": {
        // A lone name: it may stand for a constant as well as for a condition.
        const other = this.use(value.name, source);
        return other === undefined ? undefined : respan(other, value.span);
      }
      default: {
        const resolver = new ConditionResolver(this, source, this.#reporter);
        const { condition, resolved } = resolver.resolve(value satisfies Condition);
        return resolved ? { kind: "condition", condition } : undefined;
      }
    }
  }
}
