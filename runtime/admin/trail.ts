import { placeText, readBackwards, readPlace } from "../audit/backwards.ts";
import type { TrailRecord } from "../audit/line.ts";
import type { TrailFile } from "../audit/trails.ts";
import { type AdminRoute, jsonAnswer, refusal } from "./route.ts";
import type { Audit } from "./wire.ts";

/** What is asked for; all of it as it was typed. */
export interface TrailFilter {
  readonly tool?: string;
  readonly grant?: string;
  readonly server?: string;
  readonly outcome?: string;
  readonly since?: string;
}

export interface TrailOptions {
  /** The files of the trail; a sentence where there is none to read. */
  readonly files: () => readonly TrailFile[] | string;
  /** Whether a record is asked for; a sentence when the filter says nothing. `since`: what is older ends the search. */
  readonly filter: (
    filter: TrailFilter,
  ) => { readonly wanted: (record: TrailRecord) => boolean; readonly since?: string } | string;
}

const PAGE = 100;
/** Bytes that are read for one page. */
const BUDGET = 8 * 1024 * 1024;

/** The audit trail, newest first. */
export function trailRoutes({ files, filter }: TrailOptions): readonly AdminRoute[] {
  return [
    {
      method: "GET",
      path: "/api/audit",
      right: "session",
      async answer({ query }) {
        const found = files();
        if (typeof found === "string") return refusal(404, found);
        const given = Object.fromEntries(
          (["tool", "grant", "server", "outcome", "since"] as const).flatMap((name) => {
            const value = query.get(name) ?? "";
            return value === "" ? [] : [[name, value]];
          }),
        );
        const asked = filter(given);
        if (typeof asked === "string") return refusal(400, asked);
        const text = query.get("from");
        const from = text === null ? undefined : readPlace(text);
        if (text !== null && from === undefined) return refusal(400, "There is no such page.");
        const { since } = asked;
        const page = await readBackwards(found, {
          wanted: asked.wanted,
          count: PAGE,
          budget: BUDGET,
          ...(from === undefined ? {} : { from }),
        });
        const { records, next, back } = page;
        const over = since !== undefined && back !== undefined && back < since;
        const audit: Audit = {
          records,
          ...(next === undefined || over ? {} : { next: placeText(next) }),
          ...(next === undefined || over || back === undefined ? {} : { back }),
        };
        return jsonAnswer(200, audit);
      },
    },
  ];
}
