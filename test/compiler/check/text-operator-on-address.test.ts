import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP402";
const start = "default deny\nallow read_file\n";

describe("an address compared as text", () => {
  it.each([
    'deny read_file unless «args.path starts with "/srv/docs"»',
    'deny read_file unless «args.path like "/srv/docs/*"»',
    'deny read_file unless «args.path contains "/docs"»',
    "deny read_file unless «args.path matches /\\/srv\\/docs\\/.*/»",
    'deny read_file unless «args.url starts with "https://example.com"»',
    'deny read_file unless «args.url contains "example.com"»',
    'deny read_file unless «args.url ends with ".example.com"»',
    "deny read_file unless «args.url matches /https:\\/\\/example.com.*/»",
    'deny read_file if «args.path == "/etc/passwd"»',
    'deny read_file if «args.path in ["/etc/passwd", "/etc/shadow"]»',
    'deny read_file unless «args.path != "/etc/passwd"»',
    'deny read_file if «args.path starts with "/etc"»',
    'deny read_file if «args.path starts with "../"»',
    'when «args.path starts with "/srv"» { ask read_file }',
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it.each([
    'deny read_file unless args.path under "/srv/docs"',
    'deny read_file unless args.path == "/srv/docs/index.md"',
    'deny read_file unless args.path in ["/a", "/b"]',
    'deny read_file unless args.path ends with ".md"',
    'deny read_file if args.path contains "/"',
    'deny read_file if args.path contains "//"',
    'deny read_file unless host(args.url) == "example.com"',
    'deny read_file unless args.path starts with "draft"',
    'deny read_file unless args.path contains "example.com"',
  ])("%s is fine", (rule) => {
    accepts(code, `${start}${rule}\n`);
  });

  it.each([
    ['args.path starts with "/srv/docs/"', 'args.path under "/srv/docs"'],
    ['args.path like "/srv/docs/*"', 'args.path under "/srv/docs"'],
    ['args.url starts with "https://example.com/"', 'args.url under "https://example.com"'],
    ['args.path starts with "/"', undefined],
    ['args.path like "/srv/*/docs"', undefined],
  ])("mends %s", (before, after) => {
    const rule = (condition: string) => `${start}deny read_file unless ${condition}\n`;
    if (after === undefined && before.endsWith('"/"')) return accepts(code, rule(before));
    expect(mended(code, rule(before))).toEqual(after === undefined ? [] : [rule(after)]);
  });

  it("offers `under` for a prohibition, which takes doubtful spellings too", () => {
    expect(mended(code, `${start}deny read_file if args.path starts with "/etc"\n`)).toEqual([
      `${start}deny read_file if args.path under "/etc"\n`,
    ]);
  });

  it.each([
    ['unless args.path starts with "/srv/docs"', "`/srv/docs/../../secret` passes too"],
    ['if args.path starts with "/etc"', "`/tmp/../etc` escapes too"],
    [
      'unless args.url starts with "https://example.com"',
      "`https://example.com@evil.example` passes",
    ],
    ['unless args.url contains "example.com"', "`https://evil.example/example.com` passes"],
    ['if args.url starts with "https://example.com"', "`https://user@example.com` escapes"],
  ])("names a spelling that slips by: %s", (guard, text) => {
    const source = `${start}deny read_file «${guard.split(" ").slice(1).join(" ")}»\n`.replace(
      "read_file «",
      `read_file ${guard.split(" ")[0]} «`,
    );
    expect(reports(code, source)[0]?.message).toContain(text);
  });
});
