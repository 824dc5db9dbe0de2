import { describe, expect, it } from "vitest";
import type { PolicyFacts } from "../../../cli/config/config.ts";
import { type ConfigHost, readConfig } from "../../../cli/config/read.ts";
import { renderDiagnostic, Source } from "../../../language/index.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

const key = (factor: number): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index + 1) * factor));

const host: ConfigHost<PolicyFacts> = {
  env: { TOKEN: "s3cret", EMPTY: "", KEY: key(7).toString("base64") },
  starts: true,
  now: Date.parse("2026-11-23T10:00:00Z"),
  statePath: (path) => `/etc/mcpp/${path}`,
  policy: (path) => ({ path, diagnostics: [] }),
};

const read = (text: string) => readConfig(new Source("mcpp.yaml", text), host);
const shown = (text: string): string =>
  read(text)
    .diagnostics.map((one) => renderDiagnostic(one))
    .join("\n\n");

const WHOLE = `listen: 0.0.0.0:8420
hosts: [mcpp.internal]
origins: ["https://app.example.com"]
key: ["\${KEY}", "${key(1).toString("hex")}"]
state: sqlite:state.db
guard: ./org.mcpp
max_message: 1048576
rate: 50
servers:
  payments:
    url: "https://mcp.example.com/mcp"
    headers: { Authorization: "Bearer \${TOKEN}" }
    timeout: 30s
    forward_headers: [X-Trace]
    server_requests: { sampling: deny, roots: pass }
  files:
    command: [npx, -y, server, /srv]
    env: { TOKEN: "\${TOKEN}" }
grants:
  - { id: g_12345678, name: ci, token: "${digest("a")}", servers: { payments: ./ci.mcpp, files: ./files.mcpp }, expires: 2027-01-31, labels: { team: build }, mode: shadow }
  - { name: ops, token: "${digest("b")}", servers: { files: ./files.mcpp } }
`;

describe("a configuration", () => {
  it("is read whole", () => {
    const { config, diagnostics } = read(WHOLE);
    expect(diagnostics).toEqual([]);
    expect({ ...config, keys: config?.keys.map(({ length }) => length) }).toMatchInlineSnapshot(`
      {
        "approvals": {
          "approvers": [],
          "holdMs": 20000,
        },
        "grants": [
          {
            "expiresAt": 1801440000000,
            "id": "g_12345678",
            "labels": {
              "team": "build",
            },
            "name": "ci",
            "policies": Map {
              "payments" => {
                "diagnostics": [],
                "path": "./ci.mcpp",
              },
              "files" => {
                "diagnostics": [],
                "path": "./files.mcpp",
              },
            },
            "shadow": true,
            "token": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          },
          {
            "id": "ops",
            "labels": {},
            "name": "ops",
            "policies": Map {
              "files" => {
                "diagnostics": [],
                "path": "./files.mcpp",
              },
            },
            "shadow": false,
            "token": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
          },
        ],
        "guard": {
          "diagnostics": [],
          "path": "./org.mcpp",
        },
        "hosts": [
          "mcpp.internal",
        ],
        "keys": [
          32,
          32,
        ],
        "listen": {
          "host": "0.0.0.0",
          "port": 8420,
        },
        "maxMessage": 1048576,
        "origins": [
          "https://app.example.com",
        ],
        "rate": 50,
        "servers": Map {
          "payments" => {
            "forwardHeaders": Set {
              "x-trace",
            },
            "headers": {
              "Authorization": "Bearer s3cret",
            },
            "kind": "url",
            "name": "payments",
            "opens": {
              "methods": false,
              "unlisted": false,
            },
            "refusedRequests": Set {
              "sampling",
            },
            "timeoutMs": 30000,
            "url": "https://mcp.example.com/mcp",
          },
          "files" => {
            "args": [
              "-y",
              "server",
              "/srv",
            ],
            "command": "npx",
            "env": {
              "TOKEN": "s3cret",
            },
            "kind": "command",
            "name": "files",
            "opens": {
              "methods": false,
              "unlisted": false,
            },
            "refusedRequests": Set {},
          },
        },
        "state": "sqlite:/etc/mcpp/state.db",
      }
    `);
  });

  it("takes an expiry to the end of its day, in UTC", () => {
    expect(read(WHOLE).config?.grants[0]?.expiresAt).toBe(Date.parse("2027-02-01T00:00:00Z"));
  });

  it.each([
    ["an empty text", ""],
    ["a list", "- listen"],
    ["a key twice", "listen: a:1\nlisten: b:2\n"],
    [
      "an alias bomb",
      `a: &a [x,x]\n${"bcdefghijk"
        .split("")
        .map((c, i) => `${c}: &${c} [*${"abcdefghij"[i]},*${"abcdefghij"[i]},*${"abcdefghij"[i]}]`)
        .join("\n")}\n`,
    ],
  ])("%s is refused", (_, text) => {
    const { config, diagnostics } = read(text);
    expect(config).toBeUndefined();
    expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
  });

  it("says every mistake once, at its place", () => {
    expect(
      shown(`listen: somewhere
origin: []
rate: fast
servers:
  a b: {}
  web: { url: ftp://x, timeout: 5 minutes }
  both: { url: "https://user:pass@example.com", command: [] }
grants:
  - { name: "-", token: secret, servers: {}, mode: off }
`),
    ).toMatchInlineSnapshot(`
      "error MCPP802 mcpp.yaml:2:1  unknown key

        2 │ origin: []
          │ ^^^^^^ The configuration has no key \`origin\`.

      Did you mean \`origins\`?

      error MCPP804 mcpp.yaml:3:7  wrong value

        3 │ rate: fast
          │       ^^^^ \`rate\` must be a whole number.

      error MCPP804 mcpp.yaml:5:3  wrong value

        5 │   a b: {}
          │   ^^^ \`a b\` is not a name that can stand here.

      error MCPP804 mcpp.yaml:6:15  wrong value

        6 │   web: { url: ftp://x, timeout: 5 minutes }
          │               ^^^^^^^ \`url\` must be an http or https URL.

      error MCPP804 mcpp.yaml:6:33  wrong value

        6 │   web: { url: ftp://x, timeout: 5 minutes }
          │                                 ^^^^^^^^^ \`timeout\` must be a duration such as \`30s\` or \`10m\`.

      error MCPP804 mcpp.yaml:7:58  wrong value

        7 │   both: { url: "https://user:pass@example.com", command: [] }
          │                                                          ^^ \`command\` must not be empty.

      error MCPP804 mcpp.yaml:9:13  wrong value

        9 │   - { name: "-", token: secret, servers: {}, mode: off }
          │             ^^^

      \`name\` must begin with a letter or digit, and have at most 64 letters, digits, \`.\`, \`_\`, \`@\` or \`-\`.

      error MCPP804 mcpp.yaml:9:25  wrong value

        9 │   - { name: "-", token: secret, servers: {}, mode: off }
          │                         ^^^^^^

      \`token\` must be \`sha256:\` and the 64 hexadecimal digits of the token's digest, as \`mcpp grant add\` writes it.

      error MCPP804 mcpp.yaml:9:42  wrong value

        9 │   - { name: "-", token: secret, servers: {}, mode: off }
          │                                          ^^ \`servers\` must not be empty.

      error MCPP804 mcpp.yaml:9:52  wrong value

        9 │   - { name: "-", token: secret, servers: {}, mode: off }
          │                                                    ^^^ \`mode\` must be \`enforce\` or \`shadow\`."
    `);
  });

  it.each([
    ["{}", 20_000],
    ["{ hold: 0 }", 0],
    ['{ hold: "0" }', 0],
    ["{ hold: 1m }", 60_000],
  ])("`approvals: %s` holds calls for %i ms", (approvals, holdMs) => {
    expect(read(`${WHOLE}approvals: ${approvals}\n`).config?.approvals).toEqual({
      holdMs,
      approvers: [],
    });
  });

  it("knows approvers and their groups, apart from each other and from grants", () => {
    const approvers = (...lines: string[]): string =>
      `${WHOLE}approvals:\n  hold: 1m\n  approvers:\n${lines.map((line) => `    - { ${line} }\n`).join("")}`;
    const ann = `name: ann, token: "${digest("c")}", groups: [leads]`;
    expect(read(approvers(ann)).config?.approvals).toEqual({
      holdMs: 60_000,
      approvers: [{ name: "ann", token: "c".repeat(64), groups: ["leads"] }],
    });
    const problems = read(
      approvers(
        ann,
        `name: ann, token: "${digest("d")}"`,
        `name: bob, token: "${digest("c")}"`,
        `name: eve, token: "${digest("b")}"`,
      ),
    );
    expect(problems.config).toBeUndefined();
    expect(problems.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "MCPP822 There are two approvers with the name `ann`.",
      "MCPP822 This token is that of the approver `ann` too.",
      "MCPP822 This token is that of the grant `ops` too.",
    ]);
    expect(
      shown(`${WHOLE}approvals: { hold: soon, approvers: [{ name: x }], more: 1 }\n`),
    ).toContain("`hold` must be a duration such as `20s`, or `0`.");
    expect(shown(`${WHOLE}approvals: { hold: 5 }\n`)).toContain(
      "`hold` must be 0, or between 1ms and 24 days.",
    );
    expect(shown(`${WHOLE}approvals: { hold: true }\n`)).toContain(
      "`hold` must be a duration such as `20s`, or 0.",
    );
  });

  it("has its webhook reached by https alone, and only with a key", () => {
    const webhook = (url: string): string => `${WHOLE}approvals: { webhook: "${url}" }\n`;
    expect(read(webhook("https://hooks.example.com/x")).config?.approvals.webhook?.href).toBe(
      "https://hooks.example.com/x",
    );
    expect(read(webhook("http://127.0.0.1:9/x")).config?.approvals.webhook?.port).toBe("9");
    for (const url of ["http://hooks.example.com", "ftp://x", "x", "https://u:p@example.com"]) {
      expect(read(webhook(url)).config).toBeUndefined();
      expect(shown(webhook(url))).toContain("`webhook` must");
      expect(shown(webhook(url))).not.toContain("u:p");
    }
    const local = WHOLE.replace("0.0.0.0", "127.0.0.1").replace(/^key:.*\n/m, "");
    expect(shown(`${local}approvals: { webhook: "https://example.com" }\n`)).toContain(
      "`webhook` needs a `key`",
    );
  });

  it("says what only the whole can tell", () => {
    expect(
      shown(`listen: 0.0.0.0:8420
servers:
  web: { url: "https://\${HOST}/mcp", headers: { A: "\${NOT_THERE}", B: "\${EMPTY}" }, env: { X: y } }
  none: {}
  files: { command: [""], timeout: 1s }
grants:
  - { name: a, token: "${digest("a")}", servers: { flies: ./p.mcpp } }
  - { name: a, token: "${digest("a")}", servers: { files: ./p.mcpp }, expires: 2026-02-30 }
`),
    ).toMatchInlineSnapshot(`
      "error MCPP816 mcpp.yaml:1:9  open to other machines

        1 │ listen: 0.0.0.0:8420
          │         ^^^^^^^^^^^^

      Other machines can reach \`0.0.0.0:8420\`, so the configuration needs \`state\`.

      error MCPP816 mcpp.yaml:1:9  open to other machines

        1 │ listen: 0.0.0.0:8420
          │         ^^^^^^^^^^^^

      Other machines can reach \`0.0.0.0:8420\`, so the configuration needs \`key\`.

      error MCPP808 mcpp.yaml:3:15  no variable can stand here

        3 │   web: { url: "https://\${HOST}/mcp", headers: { A: "\${NOT_THERE}", B: "\${EMPTY}" }, env: { X:…
          │               ^^^^^^^^^^^^^^^^^^^^^ \`\${HOST}\` is not replaced here.

      Variables stand in \`key\`, \`state\`, and the values of \`headers\` and \`env\`.

      error MCPP807 mcpp.yaml:3:52  variable is not set

        3 │   web: { url: "https://\${HOST}/mcp", headers: { A: "\${NOT_THERE}", B: "\${EMPTY}" }, env: { X:…
          │                                                    ^^^^^^^^^^^^^^

      The environment variable \`NOT_THERE\` is not set.

      Set \`NOT_THERE\` in the environment of \`mcpp serve\`.

      error MCPP807 mcpp.yaml:3:71  variable is not set

        3 │   web: { url: "https://\${HOST}/mcp", headers: { A: "\${NOT_THERE}", B: "\${EMPTY}" }, env: { X:…
          │                                                                       ^^^^^^^^^^

      The environment variable \`EMPTY\` is empty.

      Set \`EMPTY\` in the environment of \`mcpp serve\`.

      error MCPP806 mcpp.yaml:3:85  setting of the other kind of server

        3 │ …eb: { url: "https://\${HOST}/mcp", headers: { A: "\${NOT_THERE}", B: "\${EMPTY}" }, env: { X: *…
          │                                                                                   ^^^

      \`env\` says nothing here: it goes with \`command\`.

      error MCPP805 mcpp.yaml:4:3  url or command

        4 │   none: {}
          │   ^^^^ The server \`none\` has neither a \`url\` nor a \`command\`.

      Give a \`url\` for a server that runs by itself, or a \`command\` for one to start.

      error MCPP804 mcpp.yaml:5:21  wrong value

        5 │   files: { command: [""], timeout: 1s }
          │                     ^^^^ The first item of \`command\` is the program to start.

      error MCPP806 mcpp.yaml:5:27  setting of the other kind of server

        5 │   files: { command: [""], timeout: 1s }
          │                           ^^^^^^^ \`timeout\` says nothing here: it goes with \`url\`.

      error MCPP809 mcpp.yaml:7:109  unknown server

        7 │ …:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", servers: { flies: ./p.mc…
          │                                                                                 ^^^^^

      The grant \`a\` names a server \`flies\`, which is not in \`servers\`.

      Did you mean \`files\`?

      error MCPP810 mcpp.yaml:8:13  two grants of one kind

        8 │   - { name: a, token: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
          │             ^ There are two grants with the name \`a\`.

      error MCPP810 mcpp.yaml:8:23  two grants of one kind

        8 │ … a, token: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", server…
          │             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      This token is that of the grant \`a\` too.

      error MCPP811 mcpp.yaml:8:137  not a day

        8 │ …aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", servers: { files: ./p.mcpp }, expires: 2026-02-30 }
          │                                                                            ^^^^^^^^^^

      There is no day \`2026-02-30\`."
    `);
  });

  it("never repeats a secret, not even in the frame of a mistake", () => {
    const text = WHOLE.replace("30s", "never")
      .replace(/"\$\{KEY\}"/, '"hunter2"')
      .replace(/"Bearer .*?"/, '"Bearer hunter2"')
      .replace("sqlite:state.db", '"redis://:hunter2@example.com"');
    expect(shown(text)).toContain("timeout");
    expect(shown(text)).not.toMatch(/hunter2|s3cret/);
  });

  it("shows a key that is too weak crossed out", () => {
    expect(
      shown("listen: 127.0.0.1:1\nkey: hunter22\nservers: { a: { command: [a] } }\n"),
    ).toMatchInlineSnapshot(`
      "error MCPP819 mcpp.yaml:2:6  key is too weak

        2 │ key: ********
          │      ^^^^^^^^ This is not a root key: it has 6 bytes; at least 32 are needed.

      Make one with \`openssl rand -base64 32\`.

      warning MCPP818 mcpp.yaml:3:1  nobody can call

        3 │ servers: { a: { command: [a] } }
          │ ^^^^^^^ There is no grant, so nobody can call.

      Add one with \`mcpp grant add\`."
    `);
  });
});

describe("the audit trail", () => {
  const withAudit = (audit: string): string =>
    WHOLE.replace("guard: ./org.mcpp", `audit: ${audit}`);

  it("is in a folder or on stdout", () => {
    const settings = (audit: string) => read(withAudit(audit)).config?.audit;
    expect(settings("{ dir: ./audit }")).toEqual({ kind: "folder", dir: "/etc/mcpp/./audit" });
    expect(settings("{ dir: a, arguments: full, sync: true, max_total: 512MiB }")).toEqual({
      kind: "folder",
      dir: "/etc/mcpp/a",
      arguments: "full",
      sync: true,
      maxTotal: 512 * 2 ** 20,
    });
    expect(settings("{ stdout: true, arguments: none }")).toEqual({
      kind: "stdout",
      arguments: "none",
    });
    expect(read(WHOLE).config?.audit).toBeUndefined();
  });

  it("is refused when it is in neither or both, or has a size that is none", () => {
    const codes = (audit: string) => read(withAudit(audit)).diagnostics.map(({ code }) => code);
    for (const audit of [
      "{}",
      "{ dir: a, stdout: true }",
      "{ stdout: true, sync: true }",
      "{ dir: a, max_total: 10 }",
      "{ dir: a, arguments: some }",
    ]) {
      expect(codes(audit), audit).not.toEqual([]);
      expect(read(withAudit(audit)).config).toBeUndefined();
    }
    expect(shown(withAudit("{ stdout: true, sync: true }"))).toContain(
      "`sync` is about the files in a `dir`; stdout has none.",
    );
  });
});

describe("the admin page", () => {
  const withAdmin = (admin: string): string => `${WHOLE}admin: ${admin}\n`;
  const problems = (admin: string): readonly string[] =>
    read(withAdmin(admin)).diagnostics.map(({ code, message }) => `${code} ${message}`);

  it("has an address of its own, and may have more names and a token", () => {
    const address = { host: "127.0.0.1", port: 8421 };
    const settings = (admin: string) => read(withAdmin(admin)).config?.admin;
    expect(settings("127.0.0.1:8421")).toEqual({ address, hosts: [] });
    expect(
      settings(
        `{ listen: "127.0.0.1:8421", url: "https://mcpp.example.com", hosts: [a.internal], token: "${digest("d")}" }`,
      ),
    ).toEqual({
      address,
      url: new URL("https://mcpp.example.com"),
      hosts: ["a.internal"],
      token: "d".repeat(64),
    });
    expect(read(WHOLE).config?.admin).toBeUndefined();
  });

  it.each([
    ["soon", "MCPP804 `admin` must be HOST:PORT, such as `127.0.0.1:8421`."],
    ["[1]", "MCPP804 `admin` must be an address such as `127.0.0.1:8421`, or a mapping"],
    ["{ hosts: [a] }", "MCPP803 `admin` needs `listen`."],
    ["{ listen: ':1', host: a }", "MCPP802 `admin` has no key `host`."],
    ["{ listen: x }", "MCPP804 `listen` must be HOST:PORT"],
    ["{ listen: ':1', hosts: ['a/b'] }", "MCPP804 An item of `hosts` must be a host such as"],
    ["127.0.0.1:8420", "MCPP804 The admin page needs a port of its own"],
    ["{ listen: ':1', url: 'https://a.example/x' }", "MCPP804 `url` must be an origin"],
    ["{ listen: ':1', url: 'ftp://a.example' }", "MCPP804 `url` must be an origin"],
    ["{ listen: ':1', token: abc }", "MCPP804 `token` must be `sha256:`"],
    [
      `{ listen: ":1", token: "${digest("a")}" }`,
      "MCPP804 This token is that of the grant `ci` too",
    ],
    ["0.0.0.0:1", "MCPP816 Other machines can reach `0.0.0.0:1`, so the configuration needs `adm"],
    ["{ listen: '0.0.0.0:1', hosts: [a] }", "needs `approvals.approvers`"],
    ["'$" + "{HOST}:1'", "MCPP808"],
  ])("is refused: %s", (admin, problem) => {
    const found = problems(admin);
    expect(found.join("\n")).toContain(problem);
    expect(read(withAdmin(admin)).config).toBeUndefined();
  });

  it("is open to other machines with a name, and with a token or approvers", () => {
    expect(
      problems(`{ listen: "0.0.0.0:1", hosts: [a.internal], token: "${digest("d")}" }`),
    ).toEqual([]);
  });
});
