import { createHash } from "node:crypto";
import type { AdminPeople, Person } from "../../../runtime/admin/people.ts";
import type { AdminRoute } from "../../../runtime/admin/route.ts";
import { type AdminOptions, AdminServer } from "../../../runtime/admin/server.ts";
import { type HttpAnswer, type Sent, send } from "../proxy/http/proxy.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** An admin server on a free port, with a clock that stands still until it is moved. */
export class TestAdmin {
  readonly approvers = new Map<string, Person>();
  readonly turnedAway: string[] = [];
  readonly notices: string[] = [];
  readonly server: AdminServer;
  time = Date.parse("2026-11-28T10:00:00Z");
  port = 0;

  constructor(routes: readonly AdminRoute[], given: Partial<AdminOptions> = {}) {
    const people: AdminPeople = {
      operator: { name: "me" },
      approver: (digest) => this.approvers.get(digest),
      whyNot: () => undefined,
      concerns: () => true,
      nobody: undefined,
    };
    this.server = new AdminServer({
      address: { host: "127.0.0.1", port: 0 },
      hosts: [],
      people,
      routes,
      now: () => this.time,
      notice: (text) => this.notices.push(text),
      turnedAway: (cause) => this.turnedAway.push(cause),
      ...given,
    });
  }

  async listen(): Promise<this> {
    this.port = await this.server.listen();
    return this;
  }

  /** The secret of a new link. */
  link(): string {
    return new URL(this.server.newLink()).hash.slice("#link=".length);
  }

  /** As our own page would ask. */
  ask(path: string, sent: Sent = {}): Promise<HttpAnswer> {
    return send(this.port, { method: "GET", path, ...sent });
  }

  post(path: string, body: unknown, headers: Sent["headers"] = {}): Promise<HttpAnswer> {
    return send(this.port, {
      path,
      body: JSON.stringify(body),
      headers: { origin: `http://127.0.0.1:${this.port}`, ...headers },
    });
  }

  /** What proves the session that the link or a token opens. */
  async proof(
    path = "/api/enter",
    body: unknown = { link: this.link() },
  ): Promise<Record<string, string>> {
    const answer = await this.post(path, body);
    const cookie = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const { token = "" } = JSON.parse(answer.body) as { token?: string };
    return { cookie, "mcpp-page": token };
  }
}
