import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";
import { quiet, shop } from "./shop.ts";

describe("tools that no statement mentions", () => {
  const code = "MCPP601";

  it("come in one list", () => {
    const [found, ...others] = reports(
      code,
      "«default deny»\nallow @read\nallow create_refund limit 5/day\nhide run_*\n",
    );
    expect(others).toEqual([]);
    expect(found?.severity).toBe("info");
    expect(found?.message).toBe(
      "No statement mentions `delete_order` and `update_order`; the default denies them.",
    );
  });

  it("are told at the server, where it is named", () => {
    reports(code, "default deny\n«server shop»\nallow @read\n");
  });

  it.each([
    quiet,
    "default deny\nallow *  limit each 5/minute\n",
    "default allow\npin tools\nlimit all 5/minute\ndeny *\n",
  ])("are none in %j", (policy) => {
    accepts(code, policy);
  });
});

describe("a grave tool without condition, limit or ask", () => {
  const code = "MCPP602";

  it.each([
    "default deny\nallow «delete_order»",
    "default deny\nallow get_order, «delete_order»",
    "default deny\nallow «delete_order, run_report»",
    "default deny\nallow «*»",
    "default deny\nallow @read, «@destructive»",
    "default deny\non delete_order { «allow» }",
    "«default allow»",
    "default deny\nallow «delete_order»\nshadow limit delete_order 5/day",
  ])("%s", (policy) => {
    reports(code, `${policy}\n`);
  });

  it.each([
    "default deny\nallow delete_order limit 5/day",
    "default deny\nallow delete_order\nlimit delete_order 5/day",
    'default deny\nallow delete_order if args.id == "1"',
    'default deny\nallow delete_order\ndeny delete_order unless args.id == "1"',
    "default deny\nask delete_order",
    'default deny\nallow delete_order\nask delete_order if args.id == "1"',
    "default deny\nallow delete_order\nlimit all 5/minute",
    "default deny\nallow @read, @write",
    "default allow\npin tools\ndeny @destructive, @financial, @execute",
  ])("%s is fine", (policy) => {
    accepts(code, `${policy}\n`);
  });

  it("offers to ask a person", () => {
    expect(mended(code, "default deny\nallow delete_order, run_report\n")).toEqual([
      "default deny\nask delete_order, run_report\n",
    ]);
    expect(mended(code, "default deny\nallow get_order, delete_order\n")).toEqual([
      "default deny\nallow get_order, delete_order\n\nask delete_order\n",
    ]);
  });
});

describe("resources or prompts left open", () => {
  const code = "MCPP603";
  const offering = (more: object) => ({ tools: { ...shop, ...more } });

  it.each([
    [{ resources: [{ uri: "order://1" }] }, 1],
    [{ resourceTemplates: [{ uriTemplate: "order://{id}" }] }, 1],
    [{ capabilities: { resources: {} } }, 1],
    [{ prompts: [{ name: "greet" }] }, 1],
    [{ capabilities: { resources: {}, prompts: {} } }, 2],
  ])("%j", (more, count) => {
    const text = `«${"default deny"}»\nallow @read\n`;
    const source = count === 2 ? text.replace("«", "««").replace("»", "»»") : text;
    expect(reports(code, source, offering(more))).toHaveLength(count);
  });

  it.each([
    [{ resources: [{ uri: "order://1" }] }, "default deny resources"],
    [{ resources: [{ uri: "order://1" }] }, "default allow resources"],
    [{ resources: [{ uri: "order://1" }] }, 'allow resource "order://*"'],
    [{ resources: [], prompts: [], capabilities: { tools: {} } }, ""],
  ])("%j with %j is fine", (more, statement) => {
    accepts(code, `default deny\n${statement}\nallow @read\n`, offering(more));
  });

  it("offers to close them, or to say that they are open", () => {
    const policy = "server shop\ndefault deny\nallow @read\n";
    expect(mended(code, policy, offering({ prompts: [{ name: "greet" }] }))).toEqual([
      "server shop\ndefault deny\ndefault deny prompts\nallow @read\n",
      "server shop\ndefault deny\ndefault allow prompts\nallow @read\n",
    ]);
  });
});

describe("annotations that contradict the rest", () => {
  const code = "MCPP604";
  const world = (by?: "hand") => ({
    tools: {
      server: { name: "x" },
      tools: [
        {
          name: "delete_note",
          annotations: { readOnlyHint: true },
          inputSchema: { type: "object", additionalProperties: false },
          ...(by === undefined ? {} : { risk: "read", risk_by: by }),
        },
      ],
    },
  });

  it("are told of tools that are permitted", () => {
    const [found] = reports(code, "«default deny»\nallow delete_note limit 5/day\n", world());
    expect(found?.severity).toBe("info");
    expect(found?.message).toContain("`readOnlyHint: true` of `delete_note`");
  });

  it("are not told of others, nor where a person chose the class", () => {
    accepts(code, "default deny\nhide delete_note\n", world());
    accepts(code, "default deny\nallow delete_note limit 5/day\n", world("hand"));
  });
});
