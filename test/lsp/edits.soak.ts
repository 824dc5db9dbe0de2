import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LSPErrorCodes,
  type ResponseError,
  type SemanticTokens,
} from "vscode-languageserver-protocol/node";
import { parse, Source } from "../../language/index.ts";
import { semanticTokens } from "../../lsp/features/semantic-tokens.ts";
import type { View } from "../../lsp/workspace.ts";
import { Editor, type OpenDocument } from "./editor.ts";
import { PAYMENTS, PAYMENTS_TEXT } from "./payments.ts";

// Random edits of a policy, its import and its tool list, with questions in between that nobody waits for.

const EDITS = Number(process.env.MCPP_EDITS ?? 10_000);
const EDITS_A_RUN = 200;

const START = `server payments tools "./payments.tools.json"
import "./base.mcpp"
default deny
labels role: "support" | "finance"
let cap = 100_00
group @looks = get_*, list_charges except get_secret
allow @looks limit each 60/minute per grant
on create_refund {
  allow
  deny unless args.amount <= cap because "Too much."
  ask if args.amount > 50 by "leads" within 10m
  limit sum(args.amount) to 500/day as budget
}
when grant.role == "finance" {
  allow create_payout if every l in args.lines (l.price < 5)
}
test "refunds" { create_refund { amount: 5 } => allow }
never allow delete_customer
`;

const BASE = 'group @shared = get_charge\nlet base_cap = 5\ndeny @shared if args.id == "x"\n';

const FRAGMENTS = [
  "\n",
  " ",
  ",",
  ".",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  '"',
  "/",
  "//",
  "/*",
  "@",
  "=",
  "<=",
  "é",
  "😀",
  "\r\n",
  "\t",
  "allow ",
  "deny ",
  "limit ",
  "if ",
  "unless ",
  "args.amount",
  "args.",
  "get_*",
  "create_refund",
  "cap",
  "@looks",
  "10/minute",
  "per ",
  "as budget",
  "on x {\n",
  "\n}\n",
  "allow get_charge\n",
  'deny create_payout because "x"\n',
  "let cap = 5\n",
  'import "./base.mcpp"\n',
  "matches /a[/]b/i",
  "&&",
  "1e5",
  "in [",
  "any l in args.lines (",
  'test "t" {\n',
  "=> deny",
];

const METHODS = [
  "textDocument/completion",
  "textDocument/hover",
  "textDocument/signatureHelp",
  "textDocument/definition",
  "textDocument/documentHighlight",
  "textDocument/prepareRename",
  "textDocument/documentSymbol",
  "textDocument/foldingRange",
  "textDocument/codeLens",
  "textDocument/documentLink",
] as const;

const RANGED = [
  "textDocument/codeAction",
  "textDocument/inlayHint",
  "textDocument/rangeFormatting",
  "textDocument/semanticTokens/range",
] as const;

interface Step {
  /** Where, from 0 to 1. */
  readonly at: number;
  readonly remove: number;
  readonly text: string;
  readonly method: (typeof METHODS)[number] | (typeof RANGED)[number] | "tokens" | undefined;
  readonly file: "policy" | "base" | "tools";
}

const step: fc.Arbitrary<Step> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }) },
  ),
  text: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant("") },
  ),
  method: fc.constantFrom(...METHODS, ...RANGED, "tokens", "tokens", undefined, undefined),
  file: fc.constantFrom(
    "policy",
    "policy",
    "policy",
    "policy",
    "policy",
    "policy",
    "base",
    "tools",
  ),
});

const TOOL_LISTS = [
  PAYMENTS_TEXT,
  JSON.stringify({ ...PAYMENTS, tools: PAYMENTS.tools.slice(2) }),
  "{",
  JSON.stringify({ tools: [] }),
];

const EXPECTED: ReadonlySet<number> = new Set([
  LSPErrorCodes.ContentModified,
  LSPErrorCodes.RequestCancelled,
]);

/** Asks, and checks the answer whenever it comes. */
async function ask(document: OpenDocument, { method, at }: Step): Promise<void> {
  const offset = Math.floor(at * document.text.length);
  const position = document.position(offset);
  const { text } = document;
  const refused = (error: ResponseError<void>): undefined => {
    // What cannot be renamed is told so, in a sentence.
    const isSentence = method === "textDocument/prepareRename" && error.message.endsWith(".");
    if (!EXPECTED.has(error.code) && !isSentence) throw new Error(`${method}: ${error.message}`);
    return undefined;
  };
  if (method === "tokens") {
    const tokens = await document
      .request<SemanticTokens>("textDocument/semanticTokens/full", document.id)
      .catch(refused);
    if (tokens === undefined) return;
    const source = new Source(document.uri, text);
    expect(tokens.data).toEqual(
      semanticTokens({ source, document: parse(source).document } as View),
    );
  } else if ((RANGED as readonly (string | undefined)[]).includes(method)) {
    const range = { start: position, end: document.position(offset + 50) };
    const context = { diagnostics: [] };
    await document
      .request(method as string, {
        ...document.id,
        range,
        context,
        options: { tabSize: 2, insertSpaces: true },
      })
      .catch(refused);
  } else if (method !== undefined) {
    await document.request(method, { ...document.id, position }).catch(refused);
  }
}

/** An offset that is not inside a character: halves of one cannot be sent, and no editor makes them. */
function whole(text: string, offset: number): number {
  const isInside =
    /[\ud800-\udbff]/.test(text.charAt(offset - 1)) && /[\udc00-\udfff]/.test(text.charAt(offset));
  return isInside ? offset + 1 : offset;
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20_000));
}

describe("random edits", () => {
  it(`${EDITS} of them, with questions in between: no error, no stale answer, and the diagnostics of a fresh start`, async () => {
    const files = { "payments.tools.json": PAYMENTS_TEXT, "base.mcpp": BASE };
    const editor = await Editor.start({ files });
    let run = 0;
    const property = fc.asyncProperty(
      fc.array(step, { minLength: EDITS_A_RUN, maxLength: EDITS_A_RUN, size: "max" }),
      async (steps) => {
        writeFileSync(join(editor.folder, "payments.tools.json"), PAYMENTS_TEXT);
        const policy = await editor.open(START, `policy-${run++}.mcpp`);
        const base = await editor.open(BASE, "base.mcpp");
        const answers: Promise<void>[] = [];
        let list = PAYMENTS_TEXT;
        for (const next of steps) {
          if (next.file === "tools") {
            list = TOOL_LISTS[Math.floor(next.at * TOOL_LISTS.length)] ?? PAYMENTS_TEXT;
            writeFileSync(join(editor.folder, "payments.tools.json"), list);
            continue;
          }
          const document = next.file === "base" ? base : policy;
          const start = whole(document.text, Math.floor(next.at * document.text.length));
          const end = whole(document.text, Math.min(start + next.remove, document.text.length));
          if (next.method !== undefined) answers.push(ask(document, next));
          await document.edit({ start, end, text: next.text });
        }
        await Promise.all(answers);
        await editor.connection.sendNotification("workspace/didChangeWatchedFiles", {
          changes: [{ uri: editor.uri("payments.tools.json"), type: 2 }],
        });
        const versions = editor.allPublished(policy.uri).map(({ version }) => version ?? 0);
        expect([...versions].sort((a, b) => a - b)).toEqual(versions);

        const fresh = await Editor.start({ files: { ...files, "payments.tools.json": list } });
        const freshBase = await fresh.open("", "base.mcpp");
        await freshBase.replace(base.text);
        const freshPolicy = await fresh.open("", "policy.mcpp");
        await freshPolicy.replace(policy.text);
        const wanted = await freshPolicy.diagnostics();
        const plain = (items: readonly object[], from: Editor, { uri }: OpenDocument) =>
          JSON.stringify(items)
            .replaceAll(uri, "POLICY")
            .replaceAll(from.uri("."), "FOLDER/")
            .replaceAll(from.folder, "FOLDER");
        const isSame = (items: readonly object[]) =>
          plain(items, editor, policy) === plain(wanted, fresh, freshPolicy);
        const last = () => editor.allPublished(policy.uri).at(-1)?.diagnostics ?? [];
        // The last change may still be on its way.
        await Promise.race([editor.published(policy.uri, policy.version, isSame), patience()]);
        expect(plain(last(), editor, policy)).toBe(plain(wanted, fresh, freshPolicy));
        expect(await fresh.stop()).toBe(0);
        await editor.close(policy);
        await editor.close(base);
      },
    );
    await fc.assert(property, {
      numRuns: Math.max(1, Math.round(EDITS / EDITS_A_RUN)),
      endOnFailure: true,
    });
    expect(editor.logged).toEqual([]);
    expect(await editor.stop()).toBe(0);
  }, 1_200_000);
});
