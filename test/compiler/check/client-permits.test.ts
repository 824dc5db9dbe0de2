import { describe, it } from "vitest";
import { accepts, reports } from "./diagnose.ts";

const code = "MCPP406";

describe("a permission by the client's own word", () => {
  it.each([
    'allow get_order if «client.name» == "desk"',
    'allow get_order\ndeny get_order unless «client.name» == "desk"',
    'allow get_order\ndeny get_order if «client.name» != "desk"',
    'allow get_order\nask get_order unless «client.version» starts with "2"',
    'when «client.name» == "desk" { allow get_order }',
    'allow get_order if not («client.name» != "desk")',
  ])("%s", (rules) => {
    reports(code, `default deny\n${rules}\n`);
  });

  it.each([
    'allow get_order if grant.name == "desk"',
    'allow get_order\ndeny get_order if client.name == "old"',
    'ask get_order if client.name == "desk"',
    'allow get_order\nlimit get_order 5/hour if client.name == "desk"',
  ])("%s is fine", (rules) => {
    accepts(code, `default deny\n${rules}\n`);
  });
});
