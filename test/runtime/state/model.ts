import type {
  Approval,
  ApprovalDecision,
  ApprovalRequest,
  AskResult,
  Charge,
  Freeze,
  FreezeScope,
  ReserveRequest,
  ReserveResult,
} from "../../../runtime/state/store.ts";

// What the stores must do, written to be read: nothing is summed up, deleted or indexed. Every question is
// answered by going through everything that ever happened.

interface Entry {
  readonly reservation: string;
  readonly charge: Charge;
  readonly at: number;
  /** Of a concurrency slot. */
  until: number;
  givenBack: boolean;
}

interface Reservation {
  readonly entries: Entry[];
  readonly spend: readonly string[];
  expires: number;
}

const HOUR = 3_600_000;

export class Model {
  /** The newest time that a writing method has seen. */
  newest = 0;
  /** The system's clock. */
  clock = 0;
  readonly #entries: Entry[] = [];
  readonly #reservations = new Map<string, Reservation>();
  readonly #claims = new Map<string, number>();
  readonly #approvals: Approval[] = [];
  #freezes: Freeze[] = [];
  readonly #lifted = new Map<string, { readonly by: string; readonly at: number }>();

  now(): number {
    return Math.max(this.newest, this.clock);
  }

  #advance(): number {
    this.newest = this.now();
    return this.newest;
  }

  reserve({ id, charges, spend = [] }: ReserveRequest): ReserveResult {
    const now = this.#advance();
    if (this.#held(id)) return { ok: true };
    if (spend.some((one) => this.#approval(one)?.state !== "approved")) {
      return { ok: false, index: -1, reason: "approval", used: 0 };
    }
    const result = this.peek(charges);
    if (!result.ok) return result;
    const entries = charges.map((charge) => this.#enter(id, charge));
    for (const one of spend) this.#setApproval(one, { state: "spent" });
    this.#reservations.set(id, { entries, spend, expires: now + HOUR });
    return result;
  }

  peek(charges: readonly Charge[]): ReserveResult {
    for (const [index, charge] of charges.entries()) {
      const used = this.#used(charge);
      const same = charges
        .slice(0, index)
        .filter(({ key }) => key === charge.key)
        .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
      const wanted = same + BigInt(charge.amount);
      if (charge.max === 0 || used + wanted > BigInt(charge.max)) {
        const refusal = { ok: false, index, reason: "full", used: Number(used) } as const;
        const retryAfterMs =
          charge.max === 0 || wanted > BigInt(charge.max)
            ? undefined
            : this.#fitsIn(charge, BigInt(charge.max) - wanted);
        return retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs };
      }
    }
    return { ok: true };
  }

  refund(id: string, what: "all" | "sums"): void {
    this.#advance();
    const held = this.#held(id);
    if (!held) return;
    for (const entry of held.entries) {
      if (entry.charge.window.kind === "concurrent" || what === "all" || entry.charge.sum) {
        entry.givenBack = true;
      }
    }
    if (what === "all") {
      for (const one of held.spend) {
        const spent = this.#approvals.find((approval) => approval.id === one);
        if (spent?.state === "spent") this.#setApproval(spent.id, { state: "approved" });
      }
    }
    this.#reservations.delete(id);
  }

  release(id: string): void {
    this.#advance();
    for (const entry of this.#held(id)?.entries ?? []) {
      if (entry.charge.window.kind === "concurrent") entry.givenBack = true;
    }
    if (this.#held(id)) this.#reservations.delete(id);
  }

  renew(id: string): void {
    const now = this.#advance();
    const held = this.#held(id);
    if (!held) return;
    held.expires = now + HOUR;
    for (const entry of held.entries) {
      const { window } = entry.charge;
      if (window.kind !== "concurrent") continue;
      if (entry.until > now || this.peek([entry.charge]).ok) entry.until = now + window.leaseMs;
    }
  }

  claim(reservation: string, round: number, ttlMs: number): boolean {
    const now = this.#advance();
    const claim = `${reservation} ${round}`;
    if ((this.#claims.get(claim) ?? 0) > now) return false;
    this.#claims.set(claim, now + ttlMs);
    return true;
  }

  ask(request: ApprovalRequest): AskResult {
    const now = this.#advance();
    const ofCall = this.#approvals.filter(
      ({ grant, server, digest }) =>
        grant === request.grant && server === request.server && digest === request.digest,
    );
    const last = this.get(ofCall.at(-1)?.id ?? "");
    const current = last && last.state !== "spent" && last.expiresAt > now ? last : undefined;
    const same = this.get(request.id) ?? current;
    if (same) return { ok: true, joined: true, approval: same };
    const pending = this.list();
    if (pending.filter(({ grant }) => grant === request.grant).length >= 20) {
      return { ok: false, reason: "grant full" };
    }
    if (pending.length >= 200) return { ok: false, reason: "all full" };
    this.#approvals.push({ ...request, state: "pending" });
    return { ok: true, joined: false, approval: this.get(request.id) as Approval };
  }

  /** Whether an approval with this id was there and is no more. Ids are never used again. */
  isGone(id: string): boolean {
    return this.#approval(id) !== undefined && this.get(id) === undefined;
  }

  get(id: string): Approval | undefined {
    const approval = this.#approval(id);
    return approval && approval.expiresAt + HOUR > this.now() ? approval : undefined;
  }

  list(filter: { grant?: string; all?: boolean } = {}): Approval[] {
    return this.#approvals
      .flatMap(({ id }) => this.get(id) ?? [])
      .filter(({ grant }) => filter.grant === undefined || grant === filter.grant)
      .filter(({ state }) => filter.all || state === "pending")
      .sort((a, b) => b.askedAt - a.askedAt || (a.id < b.id ? 1 : -1));
  }

  decide(id: string, { approve, at, by, reason }: ApprovalDecision): Approval | undefined {
    const now = this.#advance();
    const approval = this.#approval(id);
    if (!approval || approval.expiresAt <= now) return undefined;
    if (approval.state === "pending") {
      const said = reason === undefined ? {} : { reason };
      const state = approve ? "approved" : "denied";
      this.#setApproval(id, { state, decidedAt: at, decidedBy: by, ...said });
    }
    return this.get(id);
  }

  freeze(freeze: Freeze): void {
    const before = this.freezes();
    this.#advance();
    if (before.some(({ id }) => id === freeze.id)) return;
    this.#freezes = [...before, freeze];
    this.#lifted.delete(freeze.id);
  }

  unfreeze(scope: FreezeScope, by: string): number {
    this.#advance();
    const before = this.freezes();
    this.#freezes = before.filter(
      ({ server, grant, tool }) =>
        server !== scope.server || grant !== scope.grant || tool !== scope.tool,
    );
    for (const { id } of before) {
      const stays = this.#freezes.some((freeze) => freeze.id === id);
      if (!stays) this.#lifted.set(id, { by, at: this.now() });
    }
    return before.length - this.#freezes.length;
  }

  /** Whether a store must still know who lifted it. */
  isKnown(id: string): boolean {
    const lifted = this.#lifted.get(id);
    return lifted !== undefined && lifted.at + 3_600_000 > this.now();
  }

  liftedBy(id: string): string | undefined {
    return this.isKnown(id) ? this.#lifted.get(id)?.by : undefined;
  }

  freezes(): Freeze[] {
    return this.#freezes
      .filter(({ until }) => until > this.now())
      .sort((a, b) => a.until - b.until || (a.id < b.id ? -1 : 1));
  }

  #held(id: string): Reservation | undefined {
    const reservation = this.#reservations.get(id);
    return reservation && reservation.expires > this.now() ? reservation : undefined;
  }

  #enter(reservation: string, charge: Charge): Entry {
    const at = this.now();
    const until = charge.window.kind === "concurrent" ? at + charge.window.leaseMs : 0;
    const entry = { reservation, charge, at, until, givenBack: false };
    this.#entries.push(entry);
    return entry;
  }

  #counted({ key, window }: Charge, now = this.now()): Entry[] {
    return this.#entries.filter((entry) => {
      if (entry.charge.key !== key || entry.givenBack) return false;
      if (window.kind === "concurrent") return entry.until > now;
      if (window.kind === "sliding") return entry.at > now - window.ms;
      return calendarWindow(window.unit, entry.at) === calendarWindow(window.unit, now);
    });
  }

  #used(charge: Charge): bigint {
    return total(this.#counted(charge));
  }

  /** Milliseconds until no more than `room` is used, if nothing is charged meanwhile. */
  #fitsIn(charge: Charge, room: bigint): number | undefined {
    const { window } = charge;
    const now = this.now();
    if (window.kind === "concurrent") return undefined;
    if (window.kind === "sliding") {
      return this.#counted(charge)
        .map(({ at }) => at + window.ms)
        .sort((a, b) => a - b)
        .map((leaves) => ({ leaves, used: total(this.#counted(charge, leaves)) }))
        .filter(({ used }) => used <= room)
        .map(({ leaves }) => leaves - now)[0];
    }
    // The end of a window is the first moment that lies in another: found by halving.
    let inside = now;
    let outside = now + 32 * 24 * HOUR;
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (calendarWindow(window.unit, middle) === calendarWindow(window.unit, now)) inside = middle;
      else outside = middle;
    }
    return outside - now;
  }

  #approval(id: string): Approval | undefined {
    const approval = this.#approvals.find((one) => one.id === id);
    if (!approval) return undefined;
    const open = approval.state === "pending" || approval.state === "approved";
    return open && approval.expiresAt <= this.now() ? { ...approval, state: "expired" } : approval;
  }

  #setApproval(id: string, change: Partial<Approval>): void {
    const index = this.#approvals.findIndex((one) => one.id === id);
    this.#approvals[index] = { ...(this.#approvals[index] as Approval), ...change };
  }
}

function total(entries: readonly Entry[]): bigint {
  return entries.reduce((sum, { charge }) => sum + BigInt(charge.amount), 0n);
}

/** The name of the UTC calendar window of a time, by ISO 8601. */
export function calendarWindow(unit: string, time: number): string {
  const iso = new Date(time).toISOString();
  switch (unit) {
    case "second":
      return iso.slice(0, 19);
    case "minute":
      return iso.slice(0, 16);
    case "hour":
      return iso.slice(0, 13);
    case "day":
      return iso.slice(0, 10);
    case "month":
      return iso.slice(0, 7);
    default: {
      const monday = new Date(time);
      while (monday.getUTCDay() !== 1) monday.setUTCDate(monday.getUTCDate() - 1);
      return `week of ${monday.toISOString().slice(0, 10)}`;
    }
  }
}
