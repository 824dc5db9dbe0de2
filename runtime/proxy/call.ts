import { isWellFormed } from "../../policy/index.ts";
import {
  type Admitted,
  type Id,
  INVALID_PARAMS,
  isObject,
  type JsonObject,
  type Message,
  type Refused,
} from "./admit.ts";
import { ambiguity } from "./reads.ts";
import type { Rulebook } from "./rulebook.ts";

/** One `tools/call` that was admitted. */
export interface ToolCall {
  readonly ok: true;
  readonly tool: string;
  readonly args: JsonObject;
}

/** Well-formed, and in every normal form. */
const ASCII = /^[\0-\x7f]*$/;
/** Eight times what MCP tells servers to keep to; what compares names takes longer the longer they are. */
const MAX_NAME = 1_024;
const NO_ARGUMENTS: JsonObject = Object.create(null);

/** The tool and arguments of a `tools/call`, or why it is refused before any policy is asked. */
export function readCall(
  message: Extract<Message, { kind: "request" }>,
  { numbers }: Admitted,
  rulebook: Rulebook,
): ToolCall | Refused {
  const { id, params } = message;
  const tool = params?.name;
  if (typeof tool !== "string" || tool === "") {
    return refuse(id, "A `tools/call` needs the `name` of a tool, a string.");
  }
  if (tool.length > MAX_NAME) {
    return refuse(id, `The \`name\` of a tool must have at most ${MAX_NAME} characters.`);
  }
  if (!ASCII.test(tool) && (tool !== tool.normalize("NFC") || !isWellFormed(tool))) {
    return refuse(id, "The `name` of a tool must be well-formed Unicode in normal form C.");
  }
  const given = params?.arguments;
  if (given !== undefined && !isObject(given)) {
    return refuse(id, "The `arguments` of a `tools/call` must be an object.");
  }
  const args = given ?? NO_ARGUMENTS;
  // Of tools that are not to be seen nothing is told, not even what the policy reads.
  const problem = rulebook.engine.visible(tool)
    ? ambiguity(args, numbers, rulebook.reads(tool))
    : undefined;
  if (problem !== undefined) return refuse(id, `The call is refused: ${problem}.`);
  return { ok: true, tool, args };
}

function refuse(id: Id, message: string): Refused {
  return { ok: false, id, code: INVALID_PARAMS, message };
}
