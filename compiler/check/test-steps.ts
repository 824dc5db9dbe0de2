import type { CallStep, Name, Source, Step, TestGrant, Value } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import { unknownTool } from "../messages/names.ts";
import {
  hiddenAnyway,
  noSuchTestArgument,
  wrongLabel,
  wrongTestArgument,
} from "../messages/tests.ts";
import { unknownLabel } from "../messages/types.ts";
import type { Program } from "../program.ts";
import type { Report } from "../resolve/reporter.ts";
import { hintFor } from "../resolve/spelling.ts";
import { written } from "../resolve/targets.ts";
import { accepts } from "../tools/algebra.ts";
import { describe } from "../tools/describe.ts";
import { itemOf, lookup } from "../tools/lookup.ts";
import type { Type } from "../tools/types.ts";
import type { Check } from "./check.ts";
import { typedTool } from "./typing/environment.ts";

/** Steps of tests call tools that are there, with arguments and labels that there can be. */
export const testStepsCheck: Check = {
  name: "test-steps",
  run({ program, report, look }) {
    for (const { node, source } of program.tests) {
      look(node, [], () => {
        const steps = new Steps(program, source, report);
        if (node.as !== undefined) steps.grant(node.as);
        steps.check(node.steps);
      });
    }
  },
};

class Steps {
  readonly #program: Program;
  readonly #source: Source;
  readonly #report: Report;

  constructor(program: Program, source: Source, report: Report) {
    this.#program = program;
    this.#source = source;
    this.#report = report;
  }

  check(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "as") {
        this.grant(step.as);
        this.check(step.steps);
      } else if (step.kind === "call" && step.faulty !== true) this.#call(step);
    }
  }

  grant({ labels }: TestGrant): void {
    const declared = this.#program.labels;
    for (const { key, value } of labels?.entries ?? []) {
      const name = key.value;
      const label = declared.get(name);
      if (label === undefined) {
        const known = [...declared.keys()];
        const extras = hintFor(name, known, key.span, written);
        this.#report(unknownLabel, { name, known }, this.#source, key.span, extras);
      } else if (value.kind !== "string") {
        this.#report(wrongLabel, { name }, this.#source, value.span);
      } else if (label.values?.includes(value.value) === false) {
        const known = label.values;
        const parameters = { name, value: value.value, known };
        const extras = hintFor(value.value, known, value.span, quoted);
        this.#report(wrongLabel, parameters, this.#source, value.span, extras);
      }
    }
  }

  #call(step: CallStep): void {
    const { tools, server } = this.#program;
    const { value: name, span } = step.tool;
    const tool = tools.byName.get(name);
    if (tool !== undefined) {
      if (step.expect !== "hide") this.#object(typedTool(tool).args, step.args, [], step);
      return;
    }
    if (!tools.known || tools.list?.complete === false) return;
    const extras = hintFor(name, tools.names, span, written);
    if (step.expect !== "hide") {
      const of = server?.node.name.value ?? tools.list?.server?.name;
      this.#report(unknownTool, { name, server: of }, this.#source, span, extras);
    } else if (extras.hint !== undefined) {
      this.#report(hiddenAnyway, { name }, this.#source, span, extras);
    }
  }

  /** Checks a value that stands at a path of the arguments; what is not known of it is not checked. */
  #value(type: Type, node: Value, path: readonly string[], step: CallStep): void {
    // It counts as missing.
    if (node.kind === "null") return;
    if (node.kind === "object") this.#object(type, node, path, step);
    else if (node.kind === "list") {
      const item = itemOf(type);
      if (item === undefined) this.#wrong(type, node, path, step);
      else
        for (const [at, part] of node.items.entries())
          this.#value(item, part, [...path, `${at}`], step);
    } else if (!accepts(type, node.value as Json)) this.#wrong(type, node, path, step);
  }

  #object(
    type: Type,
    node: Extract<Value, { kind: "object" }>,
    path: readonly string[],
    step: CallStep,
  ): void {
    const any = lookup(type, [""]);
    if (!any.found && any.reason === "not an object") {
      this.#wrong(type, node, path, step);
      return;
    }
    for (const { key, value } of node.entries) {
      const found = lookup(type, [key.value]);
      if (found.found) this.#value(found.type, value, [...path, key.value], step);
      else if (found.reason === "no such key") this.#noSuch(key, found.known, path, step);
    }
  }

  #noSuch(key: Name, known: readonly string[], path: readonly string[], step: CallStep): void {
    const extras = hintFor(key.value, known, key.span, written);
    if (step.expect === "deny") {
      const isMeant = extras.hint === undefined || this.#program.validate !== undefined;
      if (isMeant) return;
    }
    const parent = path.length === 0 ? "" : pathText(path);
    const parameters = { tool: step.tool.value, parent, name: key.value, known };
    this.#report(noSuchTestArgument, parameters, this.#source, key.span, extras);
  }

  #wrong(type: Type, node: Value, path: readonly string[], step: CallStep): void {
    if (step.expect === "deny") return;
    const value = this.#source.slice(node.span);
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    const parameters = {
      tool: step.tool.value,
      path: pathText(path),
      type: describe(type),
      value: shown,
    };
    this.#report(wrongTestArgument, parameters, this.#source, node.span);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function pathText(path: readonly string[]): string {
  return ["args", ...path].join(".");
}
