import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { hasRedis, RedisServer } from "../runtime/state/redis-server.ts";
import { linkOf, openPage, signIn, writeAdminConfig } from "./admin-gateway.ts";
import { hasChromium, startChromium } from "./chromium.ts";
import { LineProcess, MCPP, serverFile } from "./lines.ts";
import { type AnyClient, connect } from "./mcp-clients.ts";
import { mcpp } from "./mcpp.ts";
import { GatewayFolder, type ServedGateway, tokenOf } from "./served-gateway.ts";

// The admin page in a real browser, before the built command line with real clients and a real server.

let browser: Browser;
let remote: RecordingHttp;
beforeAll(async () => {
  if (hasChromium) browser = await startChromium();
  remote = await startRecordingHttp();
});
afterAll(async () => {
  await browser?.close();
  await remote.close();
});

let folder: GatewayFolder;
let contexts: BrowserContext[];
let clients: AnyClient[];
let gateways: ServedGateway[];
/** What pages have complained about: nothing may. */
let complaints: string[];
beforeEach(() => {
  folder = new GatewayFolder();
  contexts = [];
  clients = [];
  gateways = [];
  complaints = [];
  remote.clear();
});
afterEach(async () => {
  for (const client of clients) await client.close();
  for (const context of contexts) await context.close();
  // Their clients leave streams open, for which an end in order would wait.
  for (const gateway of gateways) gateway.process.kill("SIGKILL");
  await folder.remove();
  expect(complaints).toEqual([]);
});

async function newContext(
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 860 },
    reducedMotion: "reduce",
    ...options,
  });
  context.on("console", (message) => {
    // A refusal is an answer like others.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      complaints.push(message.text());
    }
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  contexts.push(context);
  return context;
}

const urlOf = (gateway: ServedGateway): string => `http://127.0.0.1:${gateway.port}/mcp/items`;

async function client(gateway: ServedGateway, grant = "a"): Promise<AnyClient> {
  const made = await connect("SDK 1", { url: urlOf(gateway), token: tokenOf(grant) });
  clients.push(made);
  return made;
}

/** How many writing calls have come to the server. */
const made = (): number =>
  remote.messages().filter(({ method, params }) => {
    return method === "tools/call" && (params as { name?: string }).name === "put_item";
  }).length;

const approve = (page: Page) => page.getByRole("button", { name: "Approve", exact: true });
const deny = (page: Page) => page.getByRole("button", { name: "Deny", exact: true });
const outcome = (page: Page) => page.locator(".outcome");

/** The page with the question that alone waits. */
async function question(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 2, name: /put_item/ }).waitFor();
  await page.getByText("left to decide").waitFor();
}

describe.runIf(hasChromium)("a gateway's page", () => {
  const serve = async (given: Parameters<typeof writeAdminConfig>[2] = {}) => {
    writeAdminConfig(folder, remote, given);
    return start();
  };
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const gateway = await folder.serve(env);
    gateways.push(gateway);
    return gateway;
  };
  const as = async (gateway: ServedGateway, who: string): Promise<Page> => {
    const page = await openPage(await newContext(), gateway);
    await signIn(page, tokenOf(who));
    return page;
  };

  it("a held call is approved, and passes", async () => {
    const gateway = await serve();
    const page = await as(gateway, "ann");
    await page.getByText("Nothing waits for an approval.").waitFor();
    const sdk = await client(gateway);
    const held = sdk.call("put_item", { id: "i7", amount: 5 });
    await question(page);
    const panel = page.locator("article");
    expect(await panel.locator("pre").textContent()).toBe('{\n  "id": "i7",\n  "amount": 5\n}');
    const facts = await panel.locator("dl").textContent();
    expect(facts).toMatch(/^Called byaServeritemsAsked[\d:]+Decided byleadsRulep\.mcpp:2:1$/);
    expect(await panel.locator("dd code").getAttribute("title")).toBe(
      `${folder.file("p.mcpp")}:2:1`,
    );
    expect(made()).toBe(0);
    await approve(page).click();
    expect(await held).not.toMatch(/DENIED|PENDING/);
    expect(made()).toBe(1);
    await expect
      .poll(() => outcome(page).textContent())
      .toMatch(/^\s*Approved( by ann|, and the call was made by ann)/);
    await page.getByText("Nothing waits for an approval.").waitFor();
  });

  it("a file is written by a real server once that was approved, and not before", async () => {
    const docs = folder.file("docs");
    mkdirSync(docs);
    const gateway = await serve({
      policy: 'allow read_text_file\nask write_file by "leads" within 10m\n',
      entry: { command: [process.execPath, serverFile("filesystem"), docs] },
    });
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    const path = join(docs, "note.txt");
    const held = sdk.call("write_file", { path, content: "<i>approved</i>" });
    await page.getByRole("heading", { level: 2, name: /write_file/ }).waitFor();
    expect(await page.locator("article pre").textContent()).toContain('"<i>approved</i>"');
    expect(existsSync(path)).toBe(false);
    await approve(page).click();
    expect(await held).toContain("Successfully wrote");
    expect(readFileSync(path, "utf8")).toBe("<i>approved</i>");
  });

  it("a refusal's reason is read by the model", async () => {
    const gateway = await serve();
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    const held = sdk.call("put_item", { id: "i7", amount: 5 });
    await question(page);
    await page.getByLabel("Reason").fill("Too much <b>at once</b>.");
    await deny(page).click();
    expect(await held).toMatch(
      /^\[POLICY DENIED\] ann has refused this call: Too much <b>at once<\/b>\. /,
    );
    expect(made()).toBe(0);
    await expect.poll(() => outcome(page).textContent()).toContain("Too much <b>at once</b>.");
  });

  it("what nobody decides on expires, and cannot be decided on any more", async () => {
    const gateway = await serve({
      policy: 'allow get_item\nask put_item by "leads" within 5s\n',
      approvals: "  hold: 0",
    });
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    expect(await sdk.call("put_item", { id: "x" })).toContain("[APPROVAL PENDING]");
    await page.getByRole("heading", { level: 2, name: /put_item/ }).waitFor();
    await outcome(page).waitFor();
    expect(await outcome(page).textContent()).toContain("Expired");
    expect(await approve(page).count()).toBe(0);
    expect(made()).toBe(0);
  });

  it("what was answered as pending passes once approved, once, and neither changed nor for another", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const page = await as(gateway, "ann");
    const [sdk, other] = [await client(gateway), await client(gateway, "b")];
    expect(await sdk.call("put_item", { id: "x", amount: 5 })).toContain("[APPROVAL PENDING]");
    await question(page);
    await approve(page).click();
    await outcome(page).waitFor();
    expect(await sdk.call("put_item", { id: "x", amount: 6 })).toContain("PENDING");
    expect(await other.call("put_item", { id: "x", amount: 5 })).toContain("PENDING");
    expect(made()).toBe(0);
    expect(await sdk.call("put_item", { id: "x", amount: 5 })).not.toMatch(/DENIED|PENDING/);
    expect(await sdk.call("put_item", { id: "x", amount: 5 })).toContain("PENDING");
    expect(made()).toBe(1);
  });

  it("of two approvers the first decides, and the second is told", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const [ann, bob] = [await as(gateway, "ann"), await as(gateway, "bob")];
    await (await client(gateway)).call("put_item", { id: "x", amount: 5 });
    await Promise.all([question(ann), question(bob)]);
    // Before bob's page hears of it.
    await bob.route("**/api/questions", () => {});
    await ann.getByLabel("Reason").fill("Once is enough");
    await deny(ann).click();
    await outcome(ann).waitFor();
    await approve(bob).click();
    await outcome(bob).waitFor();
    expect(await outcome(bob).textContent()).toMatch(
      /Denied by ann[\s\S]*Once is enough[\s\S]*was denied already by ann\. The first decision stands/,
    );
    await bob.unroute("**/api/questions");
    const third = await as(gateway, "bob");
    await third.getByText("Decided lately").click();
    await third.getByRole("link", { name: /put_item.*denied.*ann/s }).click();
    await outcome(third).waitFor();
    expect(await outcome(third).textContent()).toContain("Denied by ann");
  });

  it("shows a decision that was made elsewhere, and moves nothing else under the hand", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    await sdk.call("put_item", { id: "one", amount: 1 });
    await question(page);
    await sdk.call("put_item", { id: "two", amount: 2 });
    await expect.poll(() => page.locator("a.row:visible").count()).toBe(2);
    expect(await page.locator("article pre").textContent()).toContain('"one"');
    const id = (await page.locator("article .id").textContent()) ?? "";
    const decided = await mcpp(["approvals", "deny", id, "--config", folder.file("mcpp.yaml")], {
      MCPP_APPROVER_TOKEN: tokenOf("bob"),
    });
    expect(decided).toMatchObject({ code: 0 });
    await outcome(page).waitFor();
    expect(await outcome(page).textContent()).toMatch(/Denied by bob[\s\S]*decided meanwhile/);
    expect(await page.locator("article pre").textContent()).toContain('"one"');
    await page.getByRole("link", { name: "Next" }).click();
    await expect.poll(() => page.locator("article pre").textContent()).toContain('"two"');
  });

  it("on a narrow screen goes from the list to a question and back", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const sdk = await client(gateway);
    for (const id of ["one", "two"]) await sdk.call("put_item", { id });
    const page = await openPage(
      await newContext({ viewport: { width: 390, height: 800 } }),
      gateway,
    );
    await signIn(page, tokenOf("ann"));
    await page.locator("a.row:visible").nth(1).waitFor();
    expect(await page.locator("article").count()).toBe(0);
    await page.locator("a.row:visible").first().click();
    await question(page);
    expect(await page.locator("a.row:visible").count()).toBe(0);
    await page.getByRole("link", { name: "All that wait" }).click();
    await page.locator("a.row:visible").nth(1).click();
    await question(page);
    await deny(page).click();
    await outcome(page).waitFor();
    await page.goBack();
    await expect.poll(() => page.locator("a.row:visible").count()).toBe(1);
    expect(await page.locator("article").count()).toBe(0);
  });

  it("lets those look who may not decide, and says why", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    await (await client(gateway)).call("put_item", { id: "x", amount: 5 });
    const eve = await as(gateway, "eve");
    await eve
      .getByText("needs one of leads, and eve is in none of these groups")
      .or(eve.getByText("`eve` is in none"))
      .waitFor();
    expect(await approve(eve).count()).toBe(0);
    const operator = await (await newContext()).newPage();
    await operator.goto(linkOf(gateway));
    await operator.getByText("You may look, and decide on nothing").waitFor();
    expect(await approve(operator).count()).toBe(0);
    await operator.getByRole("button", { name: "Sign in as approver" }).click();
    await signIn(operator, tokenOf("ann"));
    await approve(operator).click();
    await outcome(operator).waitFor();
  });

  it("takes a link once, keeps it nowhere, and tells whoever comes late", async () => {
    const gateway = await serve();
    const link = linkOf(gateway);
    const requests: string[] = [];
    const context = await newContext();
    context.on("request", (request) => {
      requests.push(request.url(), JSON.stringify(request.headers()));
    });
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText("looking on").waitFor();
    const secret = new URL(link).hash.slice("#link=".length);
    expect(page.url()).toBe(`${new URL(link).origin}/`);
    expect(requests.join("\n")).not.toContain(secret);
    await page.reload();
    await page.getByText("looking on").waitFor();
    // Whoever is in stays in.
    await page.goto(link);
    await page.getByText("looking on").waitFor();
    expect(page.url()).not.toContain(secret);
    const late = await (await newContext()).newPage();
    await late.goto(link);
    await late.getByText("This link was used before").waitFor();
    expect(late.url()).not.toContain(secret);
    expect(gateway.stderr.split(secret)).toHaveLength(2);
  });

  it("is worked by the keyboard alone, and says what happens", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const sdk = await client(gateway);
    await sdk.call("put_item", { id: "one", amount: 1 });
    const page = await openPage(await newContext(), gateway);
    await page.getByLabel("Your approver’s token").waitFor();
    await page.keyboard.type(tokenOf("ann"));
    await page.keyboard.press("Enter");
    await question(page);
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
    const tabTo = async (text: RegExp): Promise<void> => {
      for (let step = 0; step < 40; step++) {
        await page.keyboard.press("Tab");
        if (text.test(await focused())) return;
      }
      throw new Error(`No Tab leads to ${text}.`);
    };
    await page.getByRole("link", { name: "Limits" }).click();
    await page.getByRole("link", { name: "Skip to the content" }).focus();
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.getByRole("heading", { level: 1, name: "Limits" }).waitFor();
    await page.goto(`${new URL(page.url()).origin}/#constructor`);
    await question(page);
    await tabTo(/^put_item/);
    await page.keyboard.press("Enter");
    await expect.poll(focused).toMatch(/^put_item [0-9A-Z]{5}$/);
    await tabTo(/^Approve$/);
    await page.keyboard.press("Enter");
    await outcome(page).waitFor();
    await expect.poll(focused).toMatch(/^Approved/);
    expect(await page.getByRole("status").textContent()).toMatch(/^[0-9A-Z]{5} is approved\.$/);
    expect(await sdk.call("put_item", { id: "one", amount: 1 })).not.toMatch(/DENIED|PENDING/);
    await sdk.call("put_item", { id: "two", amount: 2 });
    await expect
      .poll(() => page.getByRole("status").textContent())
      .toBe("A call of put_item waits for an approval.");
  });

  it("shows hostile arguments as text, in full, and approves none that were not all shown", async () => {
    const gateway = await serve({ approvals: "  hold: 0" });
    const page = await as(gateway, "ann");
    const hostile = {
      id: `</pre><script>alert(1)</script><img src=x onerror=alert(2)>`,
      ansi: "\u001b[2J\u001b]0;owned\u0007",
      rtl: "\u202egpj.exe\u2066\u2069",
      zero: "ad\u200bmin\u0000",
      look: "\u0430dmin",
      שלום: "עולם",
      "key\u202e": "{{constructor.constructor('alert(3)')()}}",
    };
    const sdk = await client(gateway);
    await sdk.call("put_item", hostile);
    await question(page);
    const pre = page.locator("article pre");
    expect(JSON.parse((await pre.textContent()) ?? "")).toEqual(hostile);
    expect(await pre.textContent()).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(await pre.locator("script, img").count()).toBe(0);
    await page.getByText(/^\d+ characters are written as/).waitFor();
    // A key and a value that are read from right to left stay in their places.
    const [key = 0, value = 0] = (await page.evaluate(
      `["שלום", "עולם"].map((text) => [...document.querySelectorAll("pre span")].find((one) => one.textContent.includes(text)).getBoundingClientRect().left)`,
    )) as number[];
    expect(key).toBeLessThan(value);
    await deny(page).click();
    await outcome(page).waitFor();

    await sdk.call("put_item", { id: "x".repeat(1_000_000), last: "the \u202eend" });
    await page
      .getByRole("link", { name: "Next" })
      .or(page.locator("a.row:visible"))
      .first()
      .click();
    await expect.poll(() => page.locator("article").textContent()).toContain("Show the other");
    expect(await pre.textContent()).not.toContain("the \\u202eend");
    await approve(page).dblclick();
    expect(await pre.textContent()).toContain("the \\u202eend");
    expect(await outcome(page).count()).toBe(0);
    expect((await pre.textContent())?.length).toBeGreaterThan(1_000_000);
    await approve(page).click();
    await outcome(page).waitFor();
    expect(await outcome(page).textContent()).toContain("Approved");
  });

  it("shows decisions as they are made, limits with what is used, and the trail by filters", async () => {
    const gateway = await serve();
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    const tab = (name: string) =>
      page.getByRole("navigation", { name: "Views" }).getByRole("link", { name });
    await tab("Decisions").click();
    await sdk.call("get_item", { id: "i1" });
    await sdk.call("delete_item", { id: "i1" }).catch(() => {});
    const ofTools = page.locator("li.record").filter({ hasText: /(get|delete)_item/ });
    await expect.poll(() => ofTools.count()).toBe(2);
    expect(await ofTools.first().textContent()).toMatch(
      /denied[\s\S]*delete_item[\s\S]*a on items/,
    );
    expect(await ofTools.nth(1).textContent()).toMatch(/allowed[\s\S]*get_item/);
    await page.getByLabel("Hide what is allowed").check();
    expect(await page.locator("li.record:visible").count()).toBe(1);

    await tab("Limits").click();
    const bar = page.getByRole("meter", { name: "get_item: 100 per day" });
    await bar.waitFor();
    expect(await bar.getAttribute("aria-valuenow")).toBe("1");
    expect(await bar.getAttribute("aria-valuemax")).toBe("100");
    for (let call = 0; call < 2; call++) await sdk.call("get_item", { id: "i1" });
    await expect.poll(() => bar.getAttribute("aria-valuetext")).toBe("3 of 100");
    expect(await page.getByRole("meter", { name: "put_item: 5 per hour" }).count()).toBe(2);

    await tab("Audit").click();
    await expect.poll(() => page.locator("li.record").count()).toBeGreaterThan(4);
    await page.getByLabel("Outcome").selectOption("Denied");
    await expect.poll(() => page.locator("li.record").count()).toBe(1);
    await page.getByText("The whole record").click();
    expect(JSON.parse((await page.locator("li.record pre").textContent()) ?? "")).toMatchObject({
      tool: "delete_item",
      outcome: "deny",
    });
    await page.getByLabel("Grant").selectOption("b");
    await page.getByText("There is no such record.").first().waitFor();
    await page.getByLabel("Outcome").selectOption("Any outcome");
    await page.getByLabel("Grant").selectOption("Any grant");
    await page.getByRole("searchbox", { name: "Tool" }).fill("get_item");
    await page.getByRole("button", { name: "Search" }).click();
    await expect.poll(() => page.locator("li.record").count()).toBe(3);
  });

  it("freezes, and lifts only what is asked for twice", async () => {
    const gateway = await serve();
    const page = await as(gateway, "ann");
    const sdk = await client(gateway);
    await page.getByRole("navigation").getByRole("link", { name: "Freeze" }).click();
    await page.getByText("Nothing is frozen.").waitFor();
    await page.getByLabel("Tool").fill("get_item");
    await page.getByRole("button", { name: "Freeze" }).click();
    expect(await page.getByLabel(/^Why/).evaluate((field) => field.matches(":invalid"))).toBe(true);
    await page.getByLabel(/^Why/).fill("Incident 4711");
    await page.getByRole("button", { name: "Freeze" }).click();
    await page.getByText("Frozen: calls of get_item.").waitFor();
    await expect.poll(() => sdk.call("get_item", { id: "x" })).toContain("Incident 4711");
    await page.getByRole("button", { name: "Lift: calls of get_item" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    expect(await sdk.call("get_item", { id: "x" })).toContain("Incident 4711");
    await page.getByRole("button", { name: "Lift: calls of get_item" }).click();
    await page.getByRole("button", { name: "Lift it" }).click();
    await page.getByText("Nothing is frozen.").waitFor();
    await expect.poll(() => sdk.call("get_item", { id: "x" })).not.toContain("Incident");
  });

  it("says when nobody answers, and when the session is over", async () => {
    const gateway = await serve();
    const page = await as(gateway, "ann");
    await page.context().setOffline(true);
    await page.getByText("The proxy does not answer.").waitFor();
    await page.context().setOffline(false);
    await expect.poll(() => page.getByRole("alert").first().textContent()).toBe("");
    await page.context().clearCookies();
    await page.getByText("Your session is over.").waitFor();
    await signIn(page, tokenOf("bob"));
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Your approver’s token").waitFor();
    await page.getByLabel("Your approver’s token").fill(tokenOf("a"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This is the token of no approver").waitFor();
  });

  it("can be read and worked by everybody: contrast, names, order, and 360 pixels", async () => {
    const script = readFileSync(new URL("./readable.js", import.meta.url), "utf8");
    const gateway = await serve({ approvals: "  hold: 0" });
    const sdk = await client(gateway);
    for (let call = 0; call < 4; call++) await sdk.call("get_item", { id: "x" });
    await sdk.call("delete_item", { id: "x" });
    for (const id of ["one", "two \u202e", "three"]) await sdk.call("put_item", { id });
    const freeze = ["--tool", "nothing", "--for", "1h", "--because", "Only to be seen"];
    await mcpp(["freeze", ...freeze, "--config", folder.file("mcpp.yaml")]);
    const hard: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await openPage(await newContext({ colorScheme }), gateway);
      const look = async (what: string): Promise<void> => {
        for (const width of [1_280, 360]) {
          await page.setViewportSize({ width, height: 800 });
          const found = (await page.evaluate(script)) as string[];
          hard.push(...found.map((one) => `${what}, ${colorScheme}, ${width}: ${one}`));
        }
        await page.setViewportSize({ width: 1_280, height: 800 });
      };
      await page.getByLabel("Your approver’s token").waitFor();
      await look("sign in");
      await signIn(page, tokenOf("ann"));
      await page.locator("a.row:visible").nth(2).waitFor();
      await question(page);
      await look("waiting");
      await page.locator("a.row:visible").nth(1).click();
      await expect.poll(() => page.locator("article pre").count()).toBe(1);
      await look("question");
      if (colorScheme === "dark") {
        await deny(page).click();
        await outcome(page).waitFor();
        await page.getByText("Decided lately").click();
        await look("outcome");
      }
      for (const view of ["Decisions", "Limits", "Audit", "Freeze"]) {
        await page.getByRole("navigation").getByRole("link", { name: view }).click();
        await page.locator(".record, .bar, .freeze-form").first().waitFor();
        await look(view);
      }
      const lift = page.getByRole("button", { name: /^Lift/ });
      await lift.focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Shift+Tab");
      const style = "getComputedStyle(document.activeElement)";
      expect(await page.evaluate(`[${style}.outlineWidth, ${style}.transitionDuration]`)).toEqual([
        "3px",
        "0s",
      ]);
    }
    expect(hard).toEqual([]);
  });

  it.runIf(hasRedis)("of any replica shows what waits at all of them", async () => {
    const redis = await RedisServer.start();
    try {
      writeAdminConfig(folder, remote, { state: redis.address, approvals: "  hold: 0" });
      const [one, two] = [await start(), await start()];
      const page = await as(two, "ann");
      const sdk = await client(one);
      expect(await sdk.call("put_item", { id: "x" })).toContain("PENDING");
      await question(page);
      await approve(page).click();
      await outcome(page).waitFor();
      expect(await sdk.call("put_item", { id: "x" })).not.toMatch(/DENIED|PENDING/);
    } finally {
      await redis.stop();
    }
  });
});

describe.runIf(hasChromium)("the page of a local proxy", () => {
  it("has its user decide who has opened the link, and tells the model why not", async () => {
    const upstream = await prepareRecordingStdio();
    folder.write("p.mcpp", "server items\n\nallow get_item\nask put_item within 10m\n");
    const proxy = new LineProcess(process.execPath, [
      ...[MCPP, "serve", folder.file("p.mcpp"), "--state", `sqlite:${folder.file("state.db")}`],
      ...["--admin", "127.0.0.1:0", "--", upstream.command, ...upstream.args],
    ]);
    try {
      await proxy.initialize();
      const page = await (await newContext()).newPage();
      await page.goto(linkOf(proxy));
      await page.getByText("Nothing waits for an approval.").waitFor();
      proxy.send(toolCall(1, "put_item", { id: "x" }));
      await question(page);
      await approve(page).click();
      const { result } = await proxy.answer(1);
      expect(result?.content?.[0]?.text).not.toMatch(/DENIED|PENDING/);
      await page.getByRole("link", { name: "Limits" }).click();
      await page.getByText("No policy in force has a limit.").waitFor();
      await page.getByRole("link", { name: "Audit" }).click();
      await page.getByText("No audit trail is kept.").first().waitFor();
    } finally {
      await proxy.close();
      upstream.dispose();
    }
  });
});
