import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openPage, signIn, writeAdminConfig } from "../../test/end-to-end/admin-gateway.ts";
import { startChromium } from "../../test/end-to-end/chromium.ts";
import { MCPP } from "../../test/end-to-end/lines.ts";
import { connect } from "../../test/end-to-end/mcp-clients.ts";
import { GatewayFolder, ServedGateway, tokenOf } from "../../test/end-to-end/served-gateway.ts";
import { startRecordingHttp } from "../../test/fixtures/recording-upstream/http.ts";

// Takes the pictures of the admin page: `npm run pictures [FOLDER]`, after a build. Without a folder, into this one.

const POLICY = `allow list_charges, delete_customer
ask create_refund if args.amount > 50_00 by "leads" within 10m because "Refunds above 50 are approved by a lead."
allow create_refund
ask send_message within 25m
deny delete_customer because "Customers are deleted by hand, in the console."

limit create_refund 12/hour
limit create_refund sum(args.amount) to 5000_00/day
limit list_charges 40/minute per server
limit send_message 4/hour per args.channel
`;

const TOOLS = ["list_charges", "create_refund", "send_message", "delete_customer"].map((name) => ({
  name,
  inputSchema: { type: "object" },
}));

const REFUNDS = [12_900, 7_450, 31_000, 5_200, 8_999, 64_900, 22_000].map((amount, index) => ({
  charge: `ch_3Nf${(index * 7_919 + 48_271).toString(36).toUpperCase()}`,
  amount,
  currency: "eur",
  reason: index % 2 === 0 ? "requested_by_customer" : "duplicate",
  note: ["Arrived broken", "Charged twice", "Never arrived", "Wrong size"][index % 4],
  notify: { email: true, locale: "de-DE" },
}));
const MESSAGES = [
  { channel: "#payments", text: "Refund of 129.00 for the order 4711 is on its way." },
  { channel: "#p\u0430yments", text: "Please confirm: \u202eexe.tnemyap\u202c" },
  { channel: "#support", text: "Two refunds wait for a lead since this morning." },
];

/** Those that the documentation shows. */
const KEPT = new Set([
  "admin-waiting-light-wide.png",
  "admin-waiting-dark-wide.png",
  "admin-question-light-narrow.png",
  "admin-limits-light-wide.png",
]);

const [folderName = "docs/images"] = process.argv.slice(2);
const everything = process.argv.length > 2;
mkdirSync(folderName, { recursive: true });

const folder = new GatewayFolder();
const upstream = await startRecordingHttp({ tools: TOOLS });
const browser = await startChromium();
let stop = async (): Promise<unknown> => undefined;
try {
  writeAdminConfig(folder, upstream, {
    policy: POLICY,
    server: "payments",
    grants: ["support-agent", "night-batch"],
    approvals: "  hold: 0",
  });
  // In its folder, so that no path of this machine is in a picture.
  const gateway = new ServedGateway(
    spawn(process.execPath, [MCPP, "serve", "--config", "mcpp.yaml"], {
      cwd: folder.path,
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  stop = () => gateway.stop();
  await gateway.listening;
  const agents = await Promise.all(
    ["support-agent", "night-batch"].map((grant) =>
      connect("SDK 1", {
        url: `http://127.0.0.1:${gateway.port}/mcp/payments`,
        token: tokenOf(grant),
      }),
    ),
  );
  const [support, batch] = agents as [(typeof agents)[0], (typeof agents)[0]];

  const pages: { readonly scheme: Scheme; readonly page: Page }[] = [];
  for (const scheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ colorScheme: scheme, deviceScaleFactor: 1.25 });
    const page = await openPage(context, gateway);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await both(page, "sign-in", scheme);
    await signIn(page, tokenOf("ann"));
    await page.getByText("Nothing waits for an approval.").waitFor();
    await both(page, "none", scheme);
    pages.push({ scheme, page });
  }

  for (let call = 0; call < 33; call++) await support.call("list_charges", { limit: 10 });
  await support.call("delete_customer", { id: "cus_9s6XKz" });
  for (const amount of [1_900, 4_200, 3_350]) {
    await support.call("create_refund", { charge: "ch_small", amount });
  }
  for (const [index, args] of REFUNDS.entries()) {
    await (index < 5 ? support : batch).call("create_refund", args);
  }
  for (const args of MESSAGES) await batch.call("send_message", args);

  for (const { scheme, page } of pages) {
    await page
      .getByRole("link", { name: /send_message/ })
      .nth(2)
      .waitFor();
    await both(page, "waiting", scheme);
    await page
      .getByRole("link", { name: /send_message/ })
      .nth(1)
      .click();
    await page.getByText("are written as").waitFor();
    await both(page, "question", scheme);
    for (const view of ["Decisions", "Limits", "Audit", "Freeze"]) {
      await page.getByRole("navigation").getByRole("link", { name: view }).click();
      await page.locator(".record, .bar, .freeze-form").first().waitFor();
      await both(page, view.toLowerCase(), scheme);
    }
  }
  for (const agent of agents) await agent.close();
} finally {
  await browser.close();
  await stop();
  await folder.remove();
  await upstream.close();
}

type Scheme = "light" | "dark";

/** On a desk and on a telephone. */
async function both(page: Page, name: string, scheme: Scheme): Promise<void> {
  for (const [size, width, height] of [
    ["wide", 1_280, 860],
    ["narrow", 390, 844],
  ] as const) {
    const picture = `admin-${name}-${scheme}-${size}.png`;
    if (!everything && !KEPT.has(picture)) continue;
    await page.setViewportSize({ width, height });
    // Where there is room, the first question is opened beside the list.
    if (name === "waiting" && size === "wide") await page.getByLabel("Reason").waitFor();
    await page.screenshot({ path: join(folderName, picture), animations: "disabled" });
  }
}
