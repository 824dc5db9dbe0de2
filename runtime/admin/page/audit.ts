import { legibleDocument } from "../../approvals/legible.ts";
import type { Audit } from "../wire.ts";
import { get, RefusedError } from "./api.ts";
import { announce, button, code, foreign, h, setText } from "./dom.ts";
import { recordRow } from "./records.ts";
import { at, timeElement } from "./time.ts";
import type { MakeView } from "./view.ts";

type TrailRecord = Audit["records"][number];

const OUTCOMES = [
  ["", "Any outcome"],
  ["allow", "Allowed"],
  ["deny", "Denied"],
  ["pending", "Pending"],
  ["refuse", "Refused"],
  ["hide", "Hidden"],
  ["would-deny", "Would be denied"],
] as const;

const SINCE = [
  ["", "Any time"],
  ["15m", "15 minutes"],
  ["1h", "An hour"],
  ["1d", "A day"],
  ["7d", "A week"],
] as const;

/** The audit trail, with filters. */
export const auditView: MakeView = ({ me, look }) => {
  const heading = h("h1", { tabindex: -1 }, "Audit");
  const tool = h("input", {
    type: "search",
    name: "tool",
    autocomplete: "off",
    spellcheck: "false",
  });
  const fields = {
    tool,
    grant: choice([["", "Any grant"], ...me.grants.map(({ id, name }) => [id, name] as const)]),
    server: choice([["", "Any server"], ...me.servers.map((name) => [name, name] as const)]),
    outcome: choice(OUTCOMES),
    since: choice(SINCE),
  };
  const labels = {
    tool: "Tool",
    grant: "Grant",
    server: "Server",
    outcome: "Outcome",
    since: "Since",
  };
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter the records" });
  for (const [name, field] of Object.entries(fields)) {
    form.append(h("label", {}, h("span", {}, labels[name as keyof typeof labels]), field));
  }
  form.append(h("button", { type: "submit" }, "Search"));
  const list = h("ol", { class: "records", "aria-label": "Records, the newest first" });
  const status = h("p", { class: "note" });
  let next: string | undefined;
  const older = button({ class: "quiet older", hidden: true }, () => void search(next), "Older");

  const search = async (from?: string): Promise<void> => {
    const query = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) {
      if (field.value.trim() !== "") query.set(name, field.value.trim());
    }
    if (from !== undefined) query.set("from", from);
    try {
      const audit = await get<Audit>(`/api/audit?${query}`);
      if (from === undefined) list.replaceChildren();
      const first = list.childElementCount;
      list.append(...audit.records.map(recordOf));
      ({ next } = audit);
      older.hidden = next === undefined;
      setText(older, audit.records.length === 0 ? "Search on" : "Older");
      const count = list.childElementCount;
      const what = count === 1 ? "1 record" : `${count} records`;
      const back = audit.back === undefined ? "" : `, back to ${at(Date.parse(audit.back))}`;
      setText(status, count === 0 && back === "" ? "There is no such record." : `${what}${back}.`);
      announce(status.textContent ?? "");
      // What has come is where one goes on reading.
      if (from !== undefined) list.children[first]?.querySelector("summary")?.focus();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status === 401) {
        look();
        return;
      }
      list.replaceChildren();
      older.hidden = true;
      setText(status, error.message);
      announce(error.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void search();
  });
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => void search());
  }
  void search();
  return {
    element: h("section", {}, heading, form, status, list, older),
    heading,
  };
};

function choice(options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const select = h("select");
  for (const [value, text] of options) select.append(h("option", { value }, text));
  return select;
}

function recordOf(record: TrailRecord): HTMLElement {
  const details = h("details", { class: "whole" }, h("summary", {}, "The whole record"));
  // Only when somebody looks: a page of records may be large.
  details.addEventListener(
    "toggle",
    () => {
      const text = legibleDocument(JSON.stringify(record));
      details.append(h("pre", { class: "arguments", tabindex: 0, dir: "ltr" }, text));
    },
    { once: true },
  );
  const {
    time,
    type,
    id,
    outcome,
    enforced,
    grant,
    server,
    method,
    tool,
    name,
    rule,
    source,
    message,
  } = record;
  if (type === "decision") {
    return recordRow(
      {
        at: Date.parse(String(time)),
        id: textOf(id),
        outcome: String(outcome),
        enforced: enforced !== false,
        grant: textOf((grant as { readonly name?: unknown } | undefined)?.name),
        server: textOf(server),
        method: textOf(method),
        name: textOf(tool) ?? textOf(name),
        rule: textOf(rule),
        source: textOf(source),
        message: textOf(message),
      },
      details,
    );
  }
  return eventRow(record, details);
}

/** What is no decision: `start`, `reload`, `approval`, `freeze` and the like. */
function eventRow(record: TrailRecord, details: HTMLElement): HTMLElement {
  const { time, type, state, tool, grant, server, by, reason, because, message, count } = record;
  const kind = [textOf(type), textOf(state)].filter((part) => part !== undefined).join(": ");
  const who = textOf((grant as { readonly name?: unknown } | undefined)?.name);
  const said = [
    ...(textOf(by) === undefined ? [] : [`By ${textOf(by)}.`]),
    textOf(reason) ?? textOf(because) ?? textOf(message) ?? "",
    ...(typeof count === "number" ? [`${count} more of these.`] : []),
  ].join(" ");
  return h(
    "li",
    { class: "record" },
    h("span", { class: "record-time" }, timeElement(Date.parse(String(time)))),
    h("span", { class: "record-outcome" }, h("span", { class: "chip is-other" }, foreign(kind))),
    h(
      "span",
      { class: "record-what" },
      ...(textOf(tool) === undefined ? [] : [code(textOf(tool) ?? "", { class: "tool" })]),
      ...(who === undefined
        ? []
        : [
            h("span", { class: "record-who" }, foreign(who), " on ", foreign(textOf(server) ?? "")),
          ]),
      h("span", { class: "record-message" }, foreign(said)),
      details,
    ),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
