import type { Compilation } from "../../compiler/index.ts";
import type { Diagnostic } from "../../language/index.ts";
import type { RanTest } from "../../lsp/index.ts";
import { statementIn } from "../statement.ts";
import type { TestFailure } from "./result.ts";
import { runTests } from "./run.ts";
import { answerOf, titleOf } from "./sentences.ts";

/** Runs tests for the language server: what has failed are diagnostics at the steps. */
export async function runForEditor(
  compiled: Compilation,
  chosen: (name: string) => boolean,
): Promise<readonly RanTest[]> {
  const results = await runTests(compiled, { chosen });
  return results.map(({ name, calls, failures }) => ({
    name,
    calls,
    failures: failures.map((failure) => diagnosticOf(failure, compiled)),
  }));
}

function diagnosticOf(failure: TestFailure, { program }: Compilation): Diagnostic {
  const { source, callSpan, decidedBy } = failure;
  const title = titleOf(failure);
  const statement = decidedBy === undefined ? undefined : statementIn(program, decidedBy);
  return {
    code: "test",
    severity: "error",
    title: "failed test",
    message: `${title.slice(0, 1).toUpperCase()}${title.slice(1)}: ${answerOf(failure)}`,
    source,
    span: callSpan,
    ...(statement === undefined
      ? {}
      : { related: [{ message: "Decided by this statement.", ...statement }] }),
  };
}
