import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { linkOf } from "./admin-gateway.ts";
import { ROOT } from "./lines.ts";
import { ServedGateway, tokenLine } from "./served-gateway.ts";

// The package as `npm pack` makes it, installed in a folder of its own as the Dockerfile does.

const DOCKERFILE = readFileSync(join(ROOT, "Dockerfile"), "utf8");

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;
let prefix: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-package-"));
  prefix = join(folder, "prefix");
  // The scripts would build again what the other tests are using.
  const pack = npm("pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  [packed] = JSON.parse(pack) as [Packed];
  const tarball = join(folder, packed.filename);
  // As the image is made, but for the place.
  const [, install] = /^RUN npm (.+) \/tmp\/mcpp-\*\.tgz$/m.exec(DOCKERFILE) as RegExpExecArray;
  const words = (install as string)
    .split(" ")
    .map((word) => (word === "/opt/mcpp" ? prefix : word));
  npm(...words, "--prefer-offline", tarball);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args[0]}: ${stderr}`);
  return stdout;
}

it("holds the program, its schemas and its papers, and nothing else", () => {
  const files = packed.files.map(({ path }) => path);
  const others = files.filter((path) => !/^dist\/chunks\/[\w.-]+\.js$/.test(path));
  expect(others.sort()).toEqual([
    "LICENSE",
    "README.md",
    "cli/config/config.schema.json",
    "dist/mcpp.js",
    "dist/page/icon.svg",
    "dist/page/index.html",
    "dist/page/page.css",
    "dist/page/page.js",
    "package.json",
    "policy/policy.schema.json",
  ]);
});

it("exports its schemas", () => {
  const require = createRequire(join(prefix, "lib", "from.js"));
  for (const [name, file] of [
    ["mcpp/policy.schema.json", "policy/policy.schema.json"],
    ["mcpp/config.schema.json", "cli/config/config.schema.json"],
  ] as const) {
    const text = readFileSync(require.resolve(name), "utf8");
    expect(text).toBe(readFileSync(join(ROOT, file), "utf8"));
  }
});

it("checks and serves a gateway from where it was installed, as a user without rights", async () => {
  const upstream = await startRecordingHttp();
  const config = join(folder, "etc");
  mkdirSync(config);
  writeFileSync(join(config, "items.mcpp"), "server items\n\nallow get_item\n", { mode: 0o644 });
  writeFileSync(
    join(config, "mcpp.yaml"),
    `listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: memory\nservers:\n  items: { url: "${upstream.url}" }\ngrants:\n  - { name: ci, token: "${tokenLine("ci")}", servers: { items: ./items.mcpp } }\n`,
    { mode: 0o644 },
  );
  chmodSync(folder, 0o755);
  const [, entry] = /^ENTRYPOINT \["(\w+)"\]$/m.exec(DOCKERFILE) as RegExpExecArray;
  const program = join(prefix, "bin", entry as string);
  // Only root can become somebody else.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  // A file system that is read-only has no place for temporary files either.
  const env = { PATH: process.env.PATH, HOME: "/nowhere", TMPDIR: "/nowhere" };
  const as = { ...nobody, cwd: "/", env };
  const checked = spawnSync(program, ["check", join(config, "mcpp.yaml")], {
    ...as,
    encoding: "utf8",
  });
  expect(checked).toMatchObject({ status: 0 });
  const gateway = new ServedGateway(
    spawn(program, ["serve", "--config", join(config, "mcpp.yaml")], {
      ...as,
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  try {
    await gateway.listening;
    const call = async (tool: string) =>
      (await gateway.ask("ci", "items", toolCall(1, tool))).result?.content?.[0]?.text;
    expect(await call("get_item")).toContain('"name":"get_item"');
    expect(await call("put_item")).toContain("DENIED");
    const page = new URL(linkOf(gateway)).origin;
    for (const path of ["/", "/page.css", "/page.js", "/icon.svg"]) {
      expect([path, (await fetch(page + path)).status]).toEqual([path, 200]);
    }
  } finally {
    expect(await gateway.stop()).toBe(0);
    await upstream.close();
  }
});
