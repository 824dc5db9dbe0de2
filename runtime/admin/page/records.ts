import { code, foreign, h, icon, sourcePlace } from "./dom.ts";
import { timeElement } from "./time.ts";

/** A decision, live or from the trail. */
export interface Shown {
  readonly at: number;
  readonly id?: string | undefined;
  readonly outcome: string;
  readonly enforced: boolean;
  readonly grant?: string | undefined;
  readonly server?: string | undefined;
  readonly method?: string | undefined;
  readonly name?: string | undefined;
  readonly rule?: string | undefined;
  readonly source?: string | undefined;
  readonly message?: string | undefined;
}

const OUTCOMES: Readonly<
  Record<string, { readonly text: string; readonly icon: Parameters<typeof icon>[0] }>
> = {
  allow: { text: "allowed", icon: "check" },
  deny: { text: "denied", icon: "cross" },
  hide: { text: "hidden", icon: "hidden" },
  refuse: { text: "refused", icon: "stop" },
  pending: { text: "pending", icon: "clock" },
};

export function outcomeChip(outcome: string, enforced: boolean): HTMLElement {
  const known = OUTCOMES[outcome];
  const text = known?.text ?? outcome;
  const only = !enforced && outcome !== "allow";
  return h(
    "span",
    { class: `chip is-${known === undefined ? "other" : only ? "shadow" : outcome}` },
    icon(known?.icon ?? "eye"),
    only ? `would be ${text}` : text,
  );
}

/** A row of a list of decisions. `more`: what else is to be seen of it. */
export function recordRow(shown: Shown, more?: HTMLElement): HTMLElement {
  const { at, id, outcome, enforced, grant, server, method, name, rule, source, message } = shown;
  const subject = name ?? method;
  return h(
    "li",
    { class: "record" },
    h("span", { class: "record-time" }, timeElement(at)),
    h("span", { class: "record-outcome" }, outcomeChip(outcome, enforced)),
    h(
      "span",
      { class: "record-what" },
      ...(subject === undefined ? [] : [code(subject, { class: "tool" })]),
      ...(grant === undefined
        ? []
        : [h("span", { class: "record-who" }, foreign(grant), " on ", foreign(server ?? ""))]),
      ...(message === undefined || message === ""
        ? []
        : [h("span", { class: "record-message" }, foreign(message))]),
      ...(more === undefined ? [] : [more]),
    ),
    h(
      "span",
      { class: "record-place" },
      ...(source !== undefined
        ? [sourcePlace(source), " "]
        : rule === undefined || rule === ""
          ? []
          : [code(rule), " "]),
      ...(id === undefined ? [] : [code(id)]),
    ),
  );
}
