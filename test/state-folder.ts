import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

// Every test file gets a state folder of its own: no test counts in the home of whoever runs it, nor with others.

const folder = mkdtempSync(join(tmpdir(), "mcpp-state-"));
process.env.XDG_STATE_HOME = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
