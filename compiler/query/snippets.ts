// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places of a snippet are written so (LSP § Snippet Syntax).

/** Statements with places to fill in. */
export const SNIPPETS: Readonly<Record<string, string>> = {
  allow: "allow ${1:tool}",
  deny: 'deny ${1:tool} because "${2:What to do instead.}"',
  ask: 'ask ${1:tool} by "${2:approvers}" within ${3:10m}',
  hide: "hide ${1:tool}",
  limit:
    "limit ${1:all} ${2:60}/${3|second,minute,hour,day,week,month|} per ${4|grant,session,server|}",
  server: 'server ${1:name} tools "${2:./tools.json}"',
  default: "default ${1|deny,allow,hide|}",
  validate: "validate arguments",
  pin: "pin tools",
  labels: 'labels ${1:role}: "${2:value}"',
  import: 'import "${1:./base.mcpp}"',
  let: "let ${1:name} = ${2:value}",
  group: "group @${1:name} = ${2:tools}",
  on: "on ${1:tool} {\n  ${0}\n}",
  when: "when ${1:condition} {\n  ${0}\n}",
  test: 'test "${1:name}" {\n  ${0}\n}',
  always: "always deny ${1:tool} if ${2:condition}",
  never: "never allow ${1:tool} if ${2:condition}",
};

/** Rules of a block, whose head has the targets. */
export const BARE_SNIPPETS: Readonly<Record<string, string>> = {
  deny: 'deny unless ${1:condition} because "${2:What to do instead.}"',
  ask: "ask if ${1:condition}",
  limit: "limit ${1:10}/${2|second,minute,hour,day,week,month|} per ${3|grant,session,server|}",
};

/** Parts of rules and conditions. */
export const CLAUSES: Readonly<Record<string, string>> = {
  because: 'because "${1:What to do instead.}"',
  by: 'by "${1:approvers}"',
  sum: "sum(args.${1:amount}) to ${2:100}/${3|day,hour,minute,week,month|}",
  length: "length(${1:args.list})",
  host: "host(${1:args.url})",
  any: "any ${1:item} in ${2:args.list} (${3:condition})",
  every: "every ${1:item} in ${2:args.list} (${3:condition})",
  during: 'during ${1:mon-fri} ${2:08:00}-${3:18:00} in "${4:UTC}"',
};

/** Amounts of limits. */
export const AMOUNTS: readonly { readonly text: string; readonly snippet: string }[] = [
  { text: "10/minute", snippet: "${1:10}/${2|minute,second,hour,day,week,month|}" },
  { text: "60/hour", snippet: "${1:60}/${2|hour,second,minute,day,week,month|}" },
  { text: "100/day", snippet: "${1:100}/${2|day,second,minute,hour,week,month|}" },
  { text: "3 concurrent", snippet: "${1:3} concurrent" },
];

export const EMPTY_STRING = '"${1}"';

/** Hours of a `during`, and its zone. */
export const HOURS = "${1:09:00}-${2:17:00}";
export const ZONE = 'in "${1:UTC}"';
