import type { FreezeStore, StateStore } from "../state/store.ts";
import type { ChargedCounters } from "./charged.ts";
import { decisionRoutes, type RecentDecisions } from "./decisions.ts";
import { freezeRoutes } from "./freezing.ts";
import { type InForce, limitRoutes } from "./limits.ts";
import { fileRoutes, type PageFile } from "./page-files.ts";
import type { AdminPeople } from "./people.ts";
import { questionRoutes } from "./questions.ts";
import { type AdminRoute, jsonAnswer } from "./route.ts";
import { type TrailOptions, trailRoutes } from "./trail.ts";
import type { Me } from "./wire.ts";

/** What the page shows. */
export interface PageOptions {
  readonly files: readonly PageFile[];
  readonly people: AdminPeople;
  readonly store: StateStore;
  readonly freezes: FreezeStore;
  readonly recent: RecentDecisions;
  readonly charged: ChargedCounters;
  readonly inForce: () => Iterable<InForce>;
  readonly trail: TrailOptions;
  readonly version: string;
  /** What this proxy serves, in a few words. */
  readonly serves: string;
  readonly known: () => Pick<Me, "servers" | "grants">;
  /** Whether approvers can sign in. */
  readonly signsIn: () => boolean;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
}

/** Everything that the page asks for. */
export function pageRoutes(options: PageOptions): readonly AdminRoute[] {
  const { files, people, store, freezes, recent, charged, inForce, trail, known, now } = options;
  const { version, serves, signsIn } = options;
  return [
    ...fileRoutes(files),
    {
      method: "GET",
      path: "/api/me",
      right: "session",
      answer({ session }) {
        const { name, groups } = session?.person ?? {};
        const { nobody } = people;
        const me: Me = {
          version,
          serves,
          signsIn: signsIn(),
          ...known(),
          ...(name === undefined ? {} : { name }),
          ...(groups === undefined ? {} : { groups }),
          ...(nobody === undefined ? {} : { nobody }),
        };
        return jsonAnswer(200, me);
      },
    },
    ...questionRoutes({ store: store.approvals, people, now }),
    ...decisionRoutes(recent),
    ...limitRoutes({ store, inForce, charged, now }),
    ...trailRoutes(trail),
    ...freezeRoutes({ store: freezes, known, now }),
  ];
}
