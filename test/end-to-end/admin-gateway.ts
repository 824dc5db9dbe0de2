import type { BrowserContext, Page } from "playwright-core";
import type { RecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { type GatewayFolder, type ServedGateway, tokenLine } from "./served-gateway.ts";

export interface AdminConfig {
  /** Of the section `approvals`, besides the approvers; indented. */
  readonly approvals?: string;
  readonly policy?: string;
  readonly state?: string;
  /** Lines of their own. */
  readonly more?: string;
  readonly server?: string;
  /** What stands for the server, in place of the recording one. */
  readonly entry?: object;
  readonly grants?: readonly string[];
}

export const POLICY = `allow get_item
ask put_item by "leads" within 10m
limit put_item 5/hour
limit get_item 100/day per server
`;

/** Writes a gateway with an admin page: the grants a and b unless named, and the approvers ann, bob (leads) and eve (others). */
export function writeAdminConfig(
  folder: GatewayFolder,
  upstream: RecordingHttp,
  { approvals = "", policy = POLICY, state, more = "", ...given }: AdminConfig = {},
): void {
  const { server = "items", grants = ["a", "b"] } = given;
  folder.write("p.mcpp", policy);
  folder.write(
    "mcpp.yaml",
    [
      "listen: 127.0.0.1:0",
      ...(more.includes("admin:") ? [] : ["admin: 127.0.0.1:0"]),
      `state: ${state ?? "sqlite:state.db"}`,
      "audit: { dir: ./audit, arguments: full }",
      "approvals:",
      approvals,
      "  approvers:",
      `    - { name: ann, token: "${tokenLine("ann")}", groups: [leads] }`,
      `    - { name: bob, token: "${tokenLine("bob")}", groups: [leads, others] }`,
      `    - { name: eve, token: "${tokenLine("eve")}", groups: [others] }`,
      "servers:",
      `  ${server}: ${JSON.stringify(given.entry ?? { url: upstream.url })}`,
      "grants:",
      ...grants.map(
        (name) =>
          `  - { name: ${name}, token: "${tokenLine(name)}", servers: { ${server}: ./p.mcpp } }`,
      ),
      more,
      "",
    ].join("\n"),
  );
}

/** The one-time link that a process has printed. */
export function linkOf({ stderr }: { readonly stderr: string }): string {
  const link = /the admin page, once and within an hour, is at {2}(\S+)/.exec(stderr)?.[1];
  if (link === undefined) throw new Error(`No link was printed.\n${stderr}`);
  return link;
}

/** The admin page of a gateway, of which nobody is signed in. */
export async function openPage(context: BrowserContext, gateway: ServedGateway): Promise<Page> {
  const page = await context.newPage();
  await page.goto(new URL(linkOf(gateway)).origin);
  return page;
}

/** Signs in as an approver, whose token is of this name. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Your approver’s token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Waiting" }).waitFor();
}
