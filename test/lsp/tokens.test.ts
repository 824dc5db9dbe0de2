import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SemanticTokens, SemanticTokensDelta } from "vscode-languageserver-protocol/node";
import { Editor, type OpenDocument } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.start({ files: { "payments.tools.json": PAYMENTS_TEXT } });
});
afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

/** Each token as `text:type`, with its modifiers. */
function decode(document: OpenDocument, data: readonly number[]): string[] {
  const legend = editor.initialized.capabilities.semanticTokensProvider?.legend;
  const found: string[] = [];
  let line = 0;
  let character = 0;
  for (let i = 0; i < data.length; i += 5) {
    const [lines, characters, length, type, modifiers] = data.slice(i, i + 5) as [
      number,
      number,
      number,
      number,
      number,
    ];
    character = lines === 0 ? character + characters : characters;
    line += lines;
    const text = document.slice({
      start: { line, character },
      end: { line, character: character + length },
    });
    const names = (legend?.tokenModifiers ?? []).filter((_, bit) => (modifiers & (1 << bit)) !== 0);
    found.push([`${text}:${legend?.tokenTypes[type]}`, ...names].join("+"));
  }
  return found;
}

const full = async (source: string): Promise<string[]> => {
  const document = await editor.open(source);
  const { data } = await document.request<SemanticTokens>(
    "textDocument/semanticTokens/full",
    document.id,
  );
  return decode(document, data);
};

describe("semantic tokens", () => {
  it.each<[source: string, tokens: readonly string[]]>([
    ["// hi\nallow get_*, x", ["// hi:comment", "allow:keyword", "get_*:macro", "x:function"]],
    [
      'server s tools "./t.json"',
      ["server:keyword", "s:namespace", "tools:keyword", '"./t.json":string'],
    ],
    ["let cap = 5", ["let:keyword", "cap:variable+declaration+readonly", "=:operator", "5:number"]],
    [
      "group @g = a\ndeny @g, @read",
      [
        "group:keyword",
        "@g:type+declaration",
        "=:operator",
        "a:function",
        "deny:keyword",
        "@g:type",
        "@read:type+defaultLibrary",
      ],
    ],
    [
      "allow x if args.limit <= cap",
      [
        "allow:keyword",
        "x:function",
        "if:keyword",
        "args:parameter",
        "limit:property",
        "<=:operator",
        "cap:variable+readonly",
      ],
    ],
    [
      "allow x if any l in args.a (l.b matches /c/i)",
      [
        "allow:keyword",
        "x:function",
        "if:keyword",
        "any:keyword",
        "l:variable+declaration",
        "in:keyword",
        "args:parameter",
        "a:property",
        "l:variable",
        "b:property",
        "matches:keyword",
        "/c/i:regexp",
      ],
    ],
    [
      "allow x limit 5/minute per session as c",
      [
        "allow:keyword",
        "x:function",
        "limit:keyword",
        "5:number",
        "/:operator",
        "minute:enumMember",
        "per:keyword",
        "session:parameter",
        "as:keyword",
        "c:event",
      ],
    ],
    ['labels role: "a"', ["labels:keyword", "role:property+declaration", '"a":string']],
    [
      'test "t" { x { a: 1 } => allow }',
      [
        "test:keyword",
        '"t":string',
        "x:function",
        "a:property",
        "1:number",
        "=>:operator",
        "allow:keyword",
      ],
    ],
    [
      "allow x limit 5/min",
      ["allow:keyword", "x:function", "limit:keyword", "5:number", "/:operator"],
    ],
    [
      "deny y, get_* unless args.",
      ["deny:keyword", "y:function", "get_*:macro", "unless:keyword", "args:parameter"],
    ],
    [
      "allow x if any l in args.a (l.b == cap and",
      [
        "allow:keyword",
        "x:function",
        "if:keyword",
        "any:keyword",
        "l:variable+declaration",
        "in:keyword",
        "args:parameter",
        "a:property",
        "l:variable",
        "b:property",
        "==:operator",
        "cap:variable+readonly",
        "and:keyword",
      ],
    ],
    ["allow y z", ["allow:keyword", "y:function"]],
  ])("of `%s`", async (source, tokens) => {
    expect(await full(source)).toEqual(tokens);
  });

  it("of a range", async () => {
    const document = await editor.open("allow a\n«deny b»\nhide c");
    const { data } = await document.request<SemanticTokens>("textDocument/semanticTokens/range", {
      ...document.id,
      range: document.range(),
    });
    expect(decode(document, data)).toEqual(["deny:keyword", "b:function"]);
  });

  it("of a range of half a statement", async () => {
    const document = await editor.open("allow a\n«deny b unless»\nhide c");
    const { data } = await document.request<SemanticTokens>("textDocument/semanticTokens/range", {
      ...document.id,
      range: document.range(),
    });
    expect(decode(document, data)).toEqual(["deny:keyword", "b:function", "unless:keyword"]);
  });

  it("of what changed, letter by letter", async () => {
    const document = await editor.open("allow a\n\nhide c\n");
    let { data, resultId } = await document.request<SemanticTokens>(
      "textDocument/semanticTokens/full",
      document.id,
    );
    let at = "allow a\n".length;
    for (const letter of 'deny b if args.x == "y') {
      await document.edit({ start: at, end: at, text: letter });
      at++;
      const delta = await document.request<SemanticTokensDelta>(
        "textDocument/semanticTokens/full/delta",
        { ...document.id, previousResultId: resultId },
      );
      data = [...data];
      for (const edit of delta.edits)
        data.splice(edit.start, edit.deleteCount, ...(edit.data ?? []));
      resultId = delta.resultId;
    }
    expect(decode(document, data)).toEqual([
      "allow:keyword",
      "a:function",
      "deny:keyword",
      "b:function",
      "if:keyword",
      "args:parameter",
      "x:property",
      "==:operator",
      '"y:string',
      "hide:keyword",
      "c:function",
    ]);
  });

  it("of what changed", async () => {
    const document = await editor.open("allow a\ndeny b\nhide c\n");
    const before = await document.request<SemanticTokens>(
      "textDocument/semanticTokens/full",
      document.id,
    );
    await document.edit({ start: 8, end: 12, text: "shadow deny" });
    const delta = await document.request<SemanticTokensDelta>(
      "textDocument/semanticTokens/full/delta",
      { ...document.id, previousResultId: before.resultId },
    );
    const data = [...before.data];
    for (const edit of delta.edits) data.splice(edit.start, edit.deleteCount, ...(edit.data ?? []));
    expect(decode(document, data)).toEqual([
      "allow:keyword",
      "a:function",
      "shadow:keyword",
      "deny:keyword",
      "b:function",
      "hide:keyword",
      "c:function",
    ]);
    expect(delta.edits.flatMap((edit) => edit.data ?? []).length).toBeLessThan(data.length);
    const none = await document.request<SemanticTokensDelta>(
      "textDocument/semanticTokens/full/delta",
      { ...document.id, previousResultId: delta.resultId },
    );
    expect(none.edits).toEqual([]);
    const unknown = await document.request<SemanticTokens>(
      "textDocument/semanticTokens/full/delta",
      { ...document.id, previousResultId: "?" },
    );
    expect(unknown.data).toEqual(data);
  });
});
