import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import type { Diagnostic, FullDocumentDiagnosticReport } from "vscode-languageserver-protocol/node";
import { Editor, type OpenDocument, sendable } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";
import { Questions } from "./random-questions.ts";
import { BASE, START, type Step, step, TOOL_LISTS } from "./random-steps.ts";

export interface RandomEdits {
  /** How many at least, in all sequences. */
  readonly edits: number;
  /** Steps of a sequence. Each begins with new texts, and ends with a look at the diagnostics. */
  readonly each: number;
  /** Another one each time unless it is given. */
  readonly seed?: number;
}

const LIST = "payments.tools.json";

/** How an editor gets its diagnostics: they are sent, or it asks. */
const PUSHED = { workspace: { workspaceEdit: { documentChanges: true } } };
const PULLED = { ...PUSHED, textDocument: { diagnostic: {} } };

/**
 * Random edits of a policy, its import and its tool list, with questions in between that nobody waits for. Fails
 * when the server fails, answers about another text than it was asked about, or does not end with the diagnostics
 * of a server that has seen the last texts only.
 */
export async function editAtRandom({ edits, each, seed }: RandomEdits): Promise<void> {
  const files = { [LIST]: PAYMENTS_TEXT, "base.mcpp": BASE };
  const editors = [
    await Editor.start({ files, capabilities: PUSHED }),
    await Editor.start({ files, capabilities: PULLED }),
  ] as const;
  let run = 0;
  let made = 0;
  const property = fc.asyncProperty(
    fc.array(step, { minLength: each, maxLength: each, size: "max" }),
    async (steps) => {
      const pulls = run % 2 === 1;
      made += await sequence(editors[pulls ? 1 : 0], pulls, steps, `policy-${run++}.mcpp`);
    },
  );
  const result = await fc.check(property, {
    numRuns: Math.ceil(edits / each),
    endOnFailure: true,
    ...(seed === undefined ? {} : { seed }),
  });
  // Without the steps: they are thousands of lines, and the seed gives them again.
  if (result.failed) {
    const where = `MCPP_SEED=${result.seed}, ${each} steps each, sequence ${result.counterexamplePath}`;
    throw new Error(`Failed with ${where}: ${result.errorInstance}`, {
      cause: result.errorInstance,
    });
  }
  expect(made).toBeGreaterThanOrEqual(edits);
  for (const editor of editors) {
    expect(editor.logged).toEqual([]);
    expect(await editor.stop()).toBe(0);
  }
}

/** Gives how many edits were made. */
async function sequence(
  editor: Editor,
  pulls: boolean,
  steps: readonly Step[],
  name: string,
): Promise<number> {
  let list = PAYMENTS_TEXT;
  writeFileSync(join(editor.folder, LIST), list);
  const policy = await editor.open(START, name);
  const base = await editor.open(BASE, "base.mcpp");
  const questions = new Questions(editor);
  let made = 0;
  for (const next of steps) {
    if (next.kind === "list") {
      list = TOOL_LISTS[next.list] as string;
      writeFileSync(join(editor.folder, LIST), list);
      made++;
      continue;
    }
    const document = next.file === "base" ? base : policy;
    if (next.kind === "restart") {
      await document.replace(next.file === "base" ? BASE : START);
      made++;
      continue;
    }
    const { text } = document;
    let start = sendable(text, Math.floor((next.at * text.length) / 1_000));
    let end = sendable(text, Math.min(start + next.remove, text.length));
    if (next.method !== undefined) questions.ask(document, next.method, start);
    for (const part of next.byLetter ? next.text : [next.text]) {
      await document.edit({ start, end, text: part });
      start += part.length;
      end = start;
      made++;
    }
  }
  await questions.answered();
  const versions = editor.allPublished(policy.uri).map(({ version }) => version ?? 0);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  if (pulls) expect(versions).toEqual([]);

  const wanted = await diagnosticsOfFreshStart(list, base.text, policy.text);
  const found = pulls
    ? (await policy.request<FullDocumentDiagnosticReport>("textDocument/diagnostic", policy.id))
        .items
    : await settled(editor, policy, wanted);
  expect(plain(found, editor, policy)).toBe(wanted);
  await editor.close(policy);
  await editor.close(base);
  return made;
}

/** The diagnostics that a server gives that knows nothing but the last texts. */
async function diagnosticsOfFreshStart(
  list: string,
  base: string,
  policy: string,
): Promise<string> {
  const files = { [LIST]: list, "base.mcpp": BASE };
  const editor = await Editor.start({ files });
  // As changes: marks of the tests that stand in them by chance must not be read.
  await (await editor.open("", "base.mcpp")).replace(base);
  const document = await editor.open("", "policy.mcpp");
  await document.replace(policy);
  const found = plain(await document.diagnostics(), editor, document);
  expect(await editor.stop()).toBe(0);
  return found;
}

/** What was sent last, as soon as it is what is wanted: the last change may still be on its way. */
async function settled(
  editor: Editor,
  policy: OpenDocument,
  wanted: string,
): Promise<readonly Diagnostic[]> {
  const isWanted = (items: readonly Diagnostic[]) => plain(items, editor, policy) === wanted;
  await editor.connection.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: editor.uri(LIST), type: 2 }],
  });
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 20_000);
  });
  await Promise.race([editor.published(policy.uri, policy.version, isWanted), patience]);
  clearTimeout(timer);
  return editor.allPublished(policy.uri).at(-1)?.diagnostics ?? [];
}

/** Diagnostics without the places that differ from one editor to the next. */
function plain(items: readonly Diagnostic[], editor: Editor, document: OpenDocument): string {
  return JSON.stringify(items, null, 1)
    .replaceAll(document.uri, "POLICY")
    .replaceAll(editor.uri("."), "FOLDER/")
    .replaceAll(editor.folder, "FOLDER");
}
