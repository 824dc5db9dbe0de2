import { describe, expect, it } from "vitest";
import { accepts, reports } from "./diagnose.ts";

const code = "MCPP408";
const start = "default deny\nallow read_file\n";

describe("`under` in a prohibition", () => {
  it.each([
    'deny read_file if «args.path under "/etc"»',
    'deny read_file if «args.url under ["https://a.example", "https://b.example"]»',
    'ask read_file if «args.path under "/etc"»',
    'limit read_file 5/hour if «args.path under "/etc"»',
    'deny read_file unless not «args.path under "/etc"»',
    'when «args.path under "/etc"» { deny read_file }',
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it.each([
    'deny read_file unless args.path under "/srv"',
    'deny read_file if not args.path under "/srv"',
    'ask read_file unless args.path under "/srv"',
  ])("%s is fine", (rule) => {
    accepts(code, `${start}${rule}\n`);
  });

  it("is fine in a permission, and not in one for everywhere else", () => {
    accepts(code, 'default deny\nallow read_file if args.path under "/srv"\n');
    reports(code, 'default deny\nallow read_file if not «args.path under "/etc"»\n');
  });

  it("names a path that escapes", () => {
    const [found] = reports(code, `${start}deny read_file if «args.path under "/etc"»\n`);
    expect(found?.message).toContain("`/tmp/../etc` is not under `/etc`");
  });
});
