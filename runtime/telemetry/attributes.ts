import { keptText } from "../audit/text.ts";
import type { FinishedRequest } from "../proxy/observe.ts";
import type { Carrier, Place } from "./instrument.ts";
import type { Names } from "./names.ts";
import { UNKNOWN } from "./names.ts";

/** What spans and measurements say. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Characters of a text that a client has chosen, and of an id. */
const MAX_TEXT = 256;
const MAX_ID = 64;
const REVISION = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The attributes of both spans of a request, after the semantic conventions for MCP of OpenTelemetry. No value of an
 * argument is in them, no header, and no name of a tool that only the client has given.
 */
export function spanAttributes(
  request: FinishedRequest,
  place: Place,
  carrier: Carrier,
  session: (id: string) => string,
): Attributes {
  const { id, method, name, listed, decision, error, code } = request;
  const attributes: Record<string, string | number | boolean> = {
    ...operation(method, request, carrier),
    "mcpp.server": place.server,
    "mcpp.grant": place.grant.name,
  };
  const idText = String(id);
  if (idText.length <= MAX_ID) attributes["jsonrpc.request.id"] = idText;
  if (request.session !== undefined) attributes["mcp.session.id"] = session(request.session);
  if (name !== undefined && method.startsWith("prompts/")) {
    attributes["gen_ai.prompt.name"] = keptText(name, MAX_TEXT);
  } else if (name !== undefined && method.startsWith("resources/")) {
    attributes["mcp.resource.uri"] = keptText(name, MAX_TEXT);
  } else if (name !== undefined && listed) attributes["gen_ai.tool.name"] = name;
  if (error !== undefined) attributes["error.type"] = error;
  if (code !== undefined) attributes["rpc.response.status_code"] = String(code);
  if (decision !== undefined) {
    attributes["mcpp.decision"] = decision.outcome;
    attributes["mcpp.decision.id"] = decision.id;
    attributes["mcpp.enforced"] = decision.enforced;
    if (decision.rule !== "") attributes["mcpp.rule"] = decision.rule;
    if (decision.source !== undefined) attributes["mcpp.rule.source"] = decision.source;
    if (decision.approval !== undefined) attributes["mcpp.approval"] = decision.approval;
  }
  if (request.held > 0) attributes["mcpp.held"] = request.held / 1_000;
  return attributes;
}

/** The attributes of measurements: few, and with few values. */
export function metricAttributes(
  request: FinishedRequest,
  { server }: Place,
  carrier: Carrier,
  names: Names,
): Attributes {
  const { error } = request;
  const tool = names.tool(request);
  return {
    ...operation(names.method(request), request, carrier),
    "mcpp.server": server,
    ...(tool === "" ? {} : { "gen_ai.tool.name": tool }),
    ...(error === undefined ? {} : { "error.type": errorClass(error) }),
  };
}

/** `tools/call create_refund`, and only the method where the client may have made the name up. */
export function spanName({ method, name, listed }: FinishedRequest, names: Names): string {
  const known = names.method({ method });
  return known === "tools/call" && listed && name !== undefined ? `${known} ${name}` : known;
}

function operation(
  method: string,
  { version }: FinishedRequest,
  carrier: Carrier,
): Record<string, string> {
  const attributes: Record<string, string> = {
    "mcp.method.name": method.length > MAX_TEXT ? UNKNOWN : method,
    "network.transport": carrier,
  };
  if (carrier === "tcp") attributes["network.protocol.name"] = "http";
  if (method === "tools/call") attributes["gen_ai.operation.name"] = "execute_tool";
  if (version !== undefined && REVISION.test(version)) attributes["mcp.protocol.version"] = version;
  return attributes;
}

/** A server may answer with any code: those that MCP and JSON-RPC have not reserved are one. */
export function errorClass(error: string): string {
  if (!/^-?\d/.test(error)) return error;
  return /^-32[0-7]\d\d$/.test(error) ? error : "server_error";
}
