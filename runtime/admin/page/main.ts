import type { Freezes, Me } from "../wire.ts";
import { forget, get, hasSession, NoAnswer, open, post, RefusedError } from "./api.ts";
import { auditView } from "./audit.ts";
import { decisionsView } from "./decisions.ts";
import { button, foreign, h, setText } from "./dom.ts";
import { freezeBanner, freezeView } from "./freeze.ts";
import { limitsView } from "./limits.ts";
import { signInView } from "./sign-in.ts";
import type { MakeView, Page, View } from "./view.ts";
import { waitingView } from "./waiting.ts";

/** How often it is looked for what is new (milliseconds); more rarely where nobody sees it. */
const LOOK_MS = 1_000;
const UNSEEN_MS = 10_000;

const badge = h("span", { class: "badge", hidden: true });
const VIEWS: Readonly<Record<string, { readonly title: string; readonly make: MakeView }>> = {
  waiting: { title: "Waiting", make: waitingView(count) },
  decisions: { title: "Decisions", make: decisionsView },
  limits: { title: "Limits", make: limitsView },
  audit: { title: "Audit", make: auditView },
  freeze: { title: "Freeze", make: freezeView },
};

const main = byId("main");
const tabs = byId("tabs");
const who = byId("who");
const alerts = byId("alerts");
const banner = byId("banner");

let me: Me | undefined;
let view: { readonly name: string; readonly view: View } | undefined;
let waiting = 0;
let timer = 0;
let looking = false;
let frozen = "";
/** What is said at the top is about the last look, and is over with the next one. */
let troubled = false;

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}

function count(waits: number): void {
  waiting = waits;
  badge.hidden = waits === 0;
  setText(badge, String(waits));
  showTitle();
}

function showTitle(): void {
  const name = view === undefined ? "" : `${VIEWS[view.name]?.title} – `;
  document.title = `${waiting === 0 ? "" : `(${waiting}) `}${name}mcpp`;
}

function alert(text: string): void {
  setText(alerts, text);
}

/** The address without a secret in it: nothing of it stays in the history. */
function takeLink(): string | undefined {
  const link = /^#link=(.+)$/.exec(location.hash)?.[1];
  if (link !== undefined) history.replaceState(null, "", "/");
  return link;
}

async function begin(): Promise<void> {
  const link = takeLink();
  let late = "";
  try {
    if (link !== undefined) late = await enterBy(link);
    // Who has a session already needs no other.
    if (hasSession()) await enter();
    else signIn(late);
  } catch (error) {
    if (error instanceof RefusedError) signIn(late);
    else {
      alert("The proxy does not answer.");
      setTimeout(() => void begin(), LOOK_MS);
    }
  }
}

/** Why a link opens nothing, a sentence; empty when it has opened a session. */
async function enterBy(link: string): Promise<string> {
  try {
    await open("/api/enter", { link });
    return "";
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    // Nobody has seen it: it is as good as before.
    history.replaceState(null, "", `/#link=${link}`);
    throw error;
  }
}

async function enter(): Promise<void> {
  me = await get<Me>("/api/me");
  alert("");
  setText(byId("serves"), me.serves);
  byId("serves").title = `mcpp ${me.version}`;
  showWho(me);
  showTabs();
  view = undefined;
  go(false);
}

function signIn(why: string): void {
  clearTimeout(timer);
  me = undefined;
  view = undefined;
  count(0);
  tabs.hidden = true;
  banner.replaceChildren();
  frozen = "";
  who.replaceChildren();
  setText(byId("serves"), "");
  main.replaceChildren(signInView(why, () => void begin()));
  main.querySelector<HTMLElement>("#token")?.focus();
}

function showWho({ name, groups = [], signsIn }: Me): void {
  const text =
    name === undefined
      ? h("span", {}, "looking on")
      : h("span", {}, foreign(name), ...(groups.length === 0 ? [] : [` (${groups.join(", ")})`]));
  const leave = button({ class: "quiet" }, () => void out(), "Sign out");
  const other = button({ class: "quiet" }, () => signIn(""), "Sign in as approver");
  who.replaceChildren(text, ...(name === undefined && signsIn ? [other] : []), leave);
}

async function out(): Promise<void> {
  await post("/api/sign-out", {}).catch(() => {});
  forget();
  signIn("");
}

function showTabs(): void {
  tabs.hidden = false;
  tabs.replaceChildren(
    ...Object.entries(VIEWS).map(([name, { title }]) =>
      h(
        "a",
        { href: `#${name}`, "data-view": name },
        title,
        ...(name === "waiting" ? [" ", badge] : []),
      ),
    ),
  );
}

/** Shows what the address names. `focus`: somebody has gone there. */
function go(focus: boolean): void {
  if (me === undefined) return;
  const [asked = "", rest = ""] = location.hash.slice(1).split("/");
  const name = Object.hasOwn(VIEWS, asked) ? asked : "waiting";
  for (const tab of tabs.querySelectorAll("a")) {
    if (tab.dataset.view === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  alert("");
  if (view?.name === name) {
    view.view.goTo?.(rest);
    if (focus && rest === "") view.view.heading.focus();
    return;
  }
  const made = VIEWS[name]?.make(page(me), rest);
  if (made === undefined) return;
  view = { name, view: made };
  main.replaceChildren(made.element);
  if (focus && rest === "") made.heading.focus();
  showTitle();
  void look();
}

function page(seen: Me): Page {
  return { me: seen, look: () => void look(), alert };
}

/** Looks for what is new, and again after a while. */
async function look(): Promise<void> {
  if (looking || me === undefined) return;
  looking = true;
  clearTimeout(timer);
  try {
    const shown = view;
    await shown?.view.refresh?.();
    const { freezes } = await get<Freezes>("/api/freezes");
    const next = JSON.stringify(freezes);
    if (next !== frozen) banner.replaceChildren(freezeBanner(freezes));
    frozen = next;
    if (shown?.name !== "waiting") {
      const { waiting: all } = await get<{ readonly waiting: readonly unknown[] }>(
        "/api/questions",
      );
      count(all.length);
    }
    if (troubled) alert("");
    troubled = false;
  } catch (error) {
    failed(error);
  } finally {
    looking = false;
    if (me !== undefined)
      timer = setTimeout(() => void look(), document.hidden ? UNSEEN_MS : LOOK_MS);
  }
}

function failed(error: unknown): void {
  if (error instanceof RefusedError && error.status === 401) {
    forget();
    signIn("Your session is over.");
    return;
  }
  troubled = true;
  const away = "The proxy does not answer. What is shown here may be old; it is tried again.";
  if (error instanceof NoAnswer) alert(away);
  else alert(error instanceof Error ? error.message : String(error));
}

// Its address would be that of no view.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (/^#link=/.test(location.hash)) void begin();
  else go(true);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void look();
});
setInterval(() => view?.view.tick?.(), 1_000);
void begin();
