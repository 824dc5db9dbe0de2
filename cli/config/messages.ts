import { message } from "../../language/index.ts";

/** What can be wrong with a gateway's configuration: MCPP801 to MCPP822. Their examples are such files. */

const DIGEST = "sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

const SERVERS = `listen: 127.0.0.1:8420
servers:
  files:
    command: [npx, -y, "@modelcontextprotocol/server-filesystem", /srv/docs]
`;

const GRANT = `grants:
  - name: ci
    token: ${DIGEST}
    servers: { files: ./files.mcpp }
`;

const POLICY = { "./files.mcpp": "server files\n\nallow read_text_file\n" };

export const configNotYaml = message<{ problem: string }>({
  code: "MCPP801",
  severity: "error",
  title: "configuration is not YAML",
  message: ({ problem }) => problem,
  explanation:
    "A gateway's configuration is a YAML 1.2 document. This one cannot be read at the place shown, so nothing of it is used: a gateway that runs keeps the one it has.",
  example: {
    fails: `${SERVERS}hosts: [mcpp.internal\n`,
    passes: `${SERVERS}hosts: [mcpp.internal]\n`,
  },
});

export const unknownKey = message<{ key: string; where: string }>({
  code: "MCPP802",
  severity: "error",
  title: "unknown key",
  message: ({ key, where }) => `${where} has no key \`${key}\`.`,
  explanation:
    "Keys that are not known are refused, because a misspelt one would otherwise be a setting that is silently not there.",
  example: {
    fails: `${SERVERS}guards: ./org.mcpp\n`,
    passes: `${SERVERS}guard: ./org.mcpp\n`,
    files: { "./org.mcpp": "server org\n\ndefault allow\ndeny delete_all\n" },
  },
});

export const missingKey = message<{ key: string; where: string }>({
  code: "MCPP803",
  severity: "error",
  title: "missing key",
  message: ({ key, where }) => `${where} needs \`${key}\`.`,
  explanation: "Without this key the gateway would not know what to do, and it guesses nothing.",
  example: {
    fails: SERVERS.replace("listen: 127.0.0.1:8420\n", ""),
    passes: SERVERS,
  },
});

export const wrongValue = message<{ problem: string }>({
  code: "MCPP804",
  severity: "error",
  title: "wrong value",
  message: ({ problem }) => problem,
  explanation:
    "The value is not one that can stand here. [The schema of the configuration](../../cli/config/config.schema.json) says what can; editors that know YAML check it while you type.",
  example: {
    fails: SERVERS.replace("127.0.0.1:8420", "localhost"),
    passes: SERVERS,
  },
});

export const urlOrCommand = message<{ name: string; both: boolean }>({
  code: "MCPP805",
  severity: "error",
  title: "url or command",
  message: ({ name, both }) =>
    both
      ? `The server \`${name}\` has both a \`url\` and a \`command\`.`
      : `The server \`${name}\` has neither a \`url\` nor a \`command\`.`,
  hint: () => "Give a `url` for a server that runs by itself, or a `command` for one to start.",
  explanation:
    "A server is reached in one of two ways: at a `url`, by Streamable HTTP, or as a child process that its `command` starts.",
  example: {
    fails: `${SERVERS}  web: {}\n`,
    passes: `${SERVERS}  web: { url: "https://mcp.example.com/mcp" }\n`,
  },
});

export const misplacedSetting = message<{ key: string; needs: string }>({
  code: "MCPP806",
  severity: "error",
  title: "setting of the other kind of server",
  message: ({ key, needs }) => `\`${key}\` says nothing here: it goes with \`${needs}\`.`,
  explanation:
    "`headers`, `timeout` and `forward_headers` are about a `url`, `env` is about a `command`. On the other kind of server a setting would be ignored, and nothing is ignored silently.",
  example: {
    fails: `${SERVERS}    headers: { X-Team: build }\n`,
    passes: `${SERVERS}    env: { TEAM: build }\n`,
  },
});

export const unsetVariable = message<{ name: string; empty: boolean }>({
  code: "MCPP807",
  severity: "error",
  title: "variable is not set",
  message: ({ name, empty }) =>
    empty
      ? `The environment variable \`${name}\` is empty.`
      : `The environment variable \`${name}\` is not set.`,
  hint: ({ name }) => `Set \`${name}\` in the environment of \`mcpp serve\`.`,
  explanation: `\`\${NAME}\` stands for a variable of the gateway's environment. One that is unset or empty would be a missing credential or an empty key, so the gateway does not start.`,
  example: {
    fails: `${SERVERS}state: "redis://:\${REDIS_PASSWORD}@127.0.0.1:6379"\n`,
    passes: `${SERVERS}state: "redis://127.0.0.1:6379"\n`,
  },
});

export const noVariableHere = message<{ text: string }>({
  code: "MCPP808",
  severity: "error",
  title: "no variable can stand here",
  message: ({ text }) => `\`${text}\` is not replaced here.`,
  hint: () => "Variables stand in `key`, `state`, and the values of `headers` and `env`.",
  explanation:
    "Only the places that hold secrets are filled from the environment. Elsewhere the text would be taken as it is written, which nobody means.",
  example: {
    fails: SERVERS.replace("127.0.0.1:8420", `\${HOST}:8420`),
    passes: SERVERS,
  },
});

export const unknownServer = message<{ name: string; grant: string }>({
  code: "MCPP809",
  severity: "error",
  title: "unknown server",
  message: ({ name, grant }) =>
    `The grant \`${grant}\` names a server \`${name}\`, which is not in \`servers\`.`,
  explanation: "A grant opens servers of this configuration, by their names in `servers`.",
  example: {
    fails: `${SERVERS}${GRANT.replace("files:", "file:")}`,
    passes: `${SERVERS}${GRANT}`,
    files: POLICY,
  },
});

export const grantTwice = message<{ what: "name" | "id" | "token"; value: string; first: string }>({
  code: "MCPP810",
  severity: "error",
  title: "two grants of one kind",
  message: ({ what, value, first }) =>
    what === "token"
      ? `This token is that of the grant \`${first}\` too.`
      : `There are two grants with the ${what} \`${value}\`.`,
  explanation:
    "Names, ids and tokens tell grants apart: with one of them used twice, nobody could say whose call it is or whose counters it moves. Make another token with `mcpp grant rotate`.",
  example: {
    fails: `${SERVERS}${GRANT}${GRANT.replace("grants:\n", "").replace("ci", "nightly")}`,
    passes: `${SERVERS}${GRANT}`,
    files: POLICY,
  },
});

export const notADay = message<{ text: string }>({
  code: "MCPP811",
  severity: "error",
  title: "not a day",
  message: ({ text }) => `There is no day \`${text}\`.`,
  explanation:
    "`expires` is the last day of a grant, such as `2027-01-31`; it ends with that day in UTC.",
  example: {
    fails: `${SERVERS}${GRANT}    expires: 2027-02-30\n`,
    passes: `${SERVERS}${GRANT}    expires: 2027-02-28\n`,
    files: POLICY,
  },
});

export const policyUnreadable = message<{ path: string; problem: string }>({
  code: "MCPP812",
  severity: "error",
  title: "policy cannot be used",
  message: ({ path, problem }) => `The policy \`${path}\` cannot be used: ${problem}`,
  explanation:
    "Every policy that the configuration names must be there and compile. What is wrong inside a `.mcpp` file is reported at its own place.",
  example: {
    fails: `${SERVERS}${GRANT.replace("files.mcpp", "file.mcpp")}`,
    passes: `${SERVERS}${GRANT}`,
    files: POLICY,
  },
});

export const undeclaredLabel = message<{ label: string; policy: string }>({
  code: "MCPP813",
  severity: "warning",
  title: "label that no policy reads",
  message: ({ label, policy }) => `The policy \`${policy}\` declares no label \`${label}\`.`,
  explanation:
    "Policies read the labels of a grant that they declare with `labels`. A label that none of the grant's policies declares has no effect; it may be misspelt.",
  example: {
    fails: `${SERVERS}${GRANT}    labels: { taem: build }\n`,
    passes: `${SERVERS}${GRANT}    labels: { team: build }\n`,
    files: {
      "./files.mcpp":
        'server files\n\nlabels team\n\nallow read_text_file if has grant.team and grant.team == "build"\n',
    },
  },
});

export const wrongLabel = message<{ label: string; value: string; allowed: string }>({
  code: "MCPP814",
  severity: "error",
  title: "label has another value",
  message: ({ label, value, allowed }) =>
    `The label \`${label}\` cannot be ${JSON.stringify(value)}: the policy declares ${allowed}.`,
  explanation:
    "A policy that declares the values of a label is written for these values alone; under another one its conditions would silently not hold.",
  example: {
    fails: `${SERVERS}${GRANT}    labels: { team: bulid }\n`,
    passes: `${SERVERS}${GRANT}    labels: { team: build }\n`,
    files: {
      "./files.mcpp":
        'server files\n\nlabels team: "build" | "docs"\n\nallow read_text_file if has grant.team and grant.team == "build"\n',
    },
  },
});

export const otherServer = message<{ policy: string; names: string; server: string }>({
  code: "MCPP815",
  severity: "warning",
  title: "policy of another server",
  message: ({ policy, names, server }) =>
    `The policy \`${policy}\` is written for the server \`${names}\`, and used for \`${server}\`.`,
  explanation:
    "A policy names the server that it was written and checked for. Used for a server of another name, it may be about other tools. Where both names mean the same server, let them be the same.",
  example: {
    fails: `${SERVERS}${GRANT}`,
    passes: `${SERVERS}${GRANT}`.replaceAll("files:", "docs:"),
    files: { "./files.mcpp": "server docs\n\nallow read_text_file\n" },
  },
});

export const reachableByOthers = message<{ listen: string; missing: string }>({
  code: "MCPP816",
  severity: "error",
  title: "open to other machines",
  message: ({ listen, missing }) =>
    `Other machines can reach \`${listen}\`, so the configuration needs \`${missing}\`.`,
  explanation:
    "An address that is not of the loopback is served only with `grants`, with a `state` that is named on purpose, and with a `key` that outlives the process.",
  example: {
    fails: `${SERVERS.replace("127.0.0.1", "0.0.0.0")}${GRANT}state: sqlite:./state.db\n`,
    passes: `${SERVERS}${GRANT}state: sqlite:./state.db\n`,
    files: POLICY,
  },
});

export const expired = message<{ grant: string; day: string }>({
  code: "MCPP817",
  severity: "warning",
  title: "grant has expired",
  message: ({ grant, day }) => `The grant \`${grant}\` ended with ${day}.`,
  explanation:
    "The token of a grant is not accepted after its last day. Remove the grant with `mcpp grant revoke`, or give it a later day.",
  example: {
    fails: `${SERVERS}${GRANT}    expires: 2020-01-31\n`,
    passes: `${SERVERS}${GRANT}    expires: 2999-12-31\n`,
    files: POLICY,
  },
});

export const noGrant = message<{ what?: never }>({
  code: "MCPP818",
  severity: "warning",
  title: "nobody can call",
  message: () => "There is no grant, so nobody can call.",
  hint: () => "Add one with `mcpp grant add`.",
  explanation:
    "Every client needs the token of a grant. A gateway without grants starts, and lets nobody in until one is added.",
  example: { fails: SERVERS, passes: `${SERVERS}${GRANT}`, files: POLICY },
});

export const weakKey = message<{ problem: string }>({
  code: "MCPP819",
  severity: "error",
  title: "key is too weak",
  message: ({ problem }) => `This is not a root key: ${problem}.`,
  hint: () => "Make one with `openssl rand -base64 32`.",
  explanation:
    "Whoever can guess the root key can forge session ids and rounds. It is at least 32 bytes of chance, written in base64 or hexadecimal.",
  example: {
    fails: `${SERVERS}key: secret\n`,
    passes: `${SERVERS}key: "kT1m0c2H5nC1b8d3o8w0cJ6yq2vUu4b7fYp9sXzR1aE="\n`,
  },
});

const GUARDED = `${SERVERS}guard: ./org.mcpp
${GRANT}`;

const LISTED = {
  "./files.tools.json":
    '{"tools": [{"name": "read_file", "risk": "read", "inputSchema": {"type": "object"}}, {"name": "write_file", "risk": "write", "inputSchema": {"type": "object"}}]}',
  "./files.mcpp": 'server files tools "./files.tools.json"\n\nallow read_file, write_file\n',
};

export const guardNamesNoTool = message<{ name: string }>({
  code: "MCPP820",
  severity: "warning",
  title: "guard names a tool that no server has",
  message: ({ name }) => `No server has a tool \`${name}\`, so this says nothing.`,
  explanation:
    "A guard is a policy above all others, for servers that each have tools of their own. A name in it is looked for in the tool lists of all policies under it; where none of them has it, it is most likely misspelt, and what it should keep closed is open.",
  example: {
    fails: GUARDED,
    passes: GUARDED.replace("org", "ops"),
    files: {
      ...LISTED,
      "./org.mcpp": "server org\n\ndefault allow\ndeny writefile\n",
      "./ops.mcpp":
        'server org\n\ndefault allow\ndeny write_file if grant.team == "trial"\nlabels team\n',
    },
  },
});

export const guardForbids = message<{ tools: readonly string[]; guard: string }>({
  code: "MCPP821",
  severity: "warning",
  title: "permission that the guard takes away",
  message: ({ tools, guard }) =>
    `\`${guard}\` forbids every call of ${tools.map((tool) => `\`${tool}\``).join(", ")}, whatever this rule says.`,
  explanation:
    "Every call has to pass the guard as well as the grant's policy. A tool that the guard hides or always denies stays closed, so a rule that opens nothing else has no effect: take it out, or ask the guard's owners.",
  example: {
    fails: GUARDED,
    passes: GUARDED.replace("org", "ops"),
    files: {
      "./files.tools.json": LISTED["./files.tools.json"],
      "./files.mcpp":
        'server files tools "./files.tools.json"\n\nallow read_file\nallow write_file\n',
      "./org.mcpp": "server org\n\ndefault allow\ndeny write_*\n",
      "./ops.mcpp": "server org\n\ndefault allow\nlimit all 100/hour per server\n",
    },
  },
});

const APPROVER = `approvals:
  approvers:
    - name: oncall
      token: sha256:${"0".repeat(64)}
`;

export const approverTwice = message<{
  what: "name" | "token";
  value: string;
  first: string;
  whose: "grant" | "approver";
}>({
  code: "MCPP822",
  severity: "error",
  title: "two approvers of one kind",
  message: ({ what, value, first, whose }) =>
    what === "token"
      ? `This token is that of the ${whose} \`${first}\` too.`
      : `There are two approvers with the name \`${value}\`.`,
  explanation:
    "An approval is recorded under the name of its approver, who is known by the token: both belong to one person or team. The token of a grant cannot be an approver's: whoever makes a call must not be the one who approves it.",
  example: {
    fails: `${SERVERS}${GRANT}${APPROVER.replace(/sha256:0+/, DIGEST)}`,
    passes: `${SERVERS}${GRANT}${APPROVER}`,
    files: POLICY,
  },
});
