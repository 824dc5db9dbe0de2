import { randomUUID } from "node:crypto";
import type { Json } from "../../policy/index.ts";
import {
  type Admitted,
  editable,
  INVALID_PARAMS,
  isObject,
  type JsonObject,
  type Refused,
} from "./admit.ts";
import type { Governance } from "./governance.ts";
import { scan } from "./scan.ts";
import type { Bound, Seals } from "./seal.ts";
import { SERVER_LIMITS } from "./server-text.ts";
import { write } from "./write.ts";

/**
 * Ids of a server's tasks (MCP 2025-11-25, § Tasks, and the extension of 2026-07-28). Whoever knows one can read and
 * end the task, so each is bound to the grant that made the task: the client gets it sealed, the server gets its own.
 */

const RELATED = "io.modelcontextprotocol/related-task";
/** Tasks of a grant that are remembered to be its own. */
const MAX_OWN = 4_096;
/** The task ids of one grant on one server. */
export class Tasks {
  readonly #seals: Seals;
  readonly #bound: Bound;
  /** Undefined when all tasks of the server are the grant's own. */
  readonly #own: Set<string> | undefined;

  /** `alone`: no other grant reaches the tasks of this server, as it is with a process of its own. */
  constructor(seals: Seals, bound: Bound, alone: boolean) {
    this.#seals = seals;
    this.#bound = bound;
    this.#own = alone ? undefined : new Set();
  }

  /** The id that the client gets; one that was sealed already stays. */
  seal(id: string): string {
    if (this.open(id) !== undefined) return id;
    this.#remember(id);
    return this.#seals.seal("task", this.#bound, id);
  }

  /** The server's own id; undefined when the grant was never given this one. */
  open(sealed: string): string | undefined {
    const id = this.#seals.open("task", this.#bound, sealed);
    if (typeof id !== "string") return undefined;
    this.#remember(id);
    return id;
  }

  /** False when it may be another grant's: it was not made or asked for here. */
  owns(id: string): boolean {
    return this.#own === undefined || this.#own.has(id) || this.open(id) !== undefined;
  }

  /** Whether an item of a list of tasks stays in it. */
  lists(task: Json): boolean {
    return this.#own === undefined || (isNamed(task) && this.owns(task.taskId));
  }

  #remember(id: string): void {
    if (this.#own === undefined) return;
    this.#own.delete(id);
    this.#own.add(id);
    if (this.#own.size > MAX_OWN) this.#own.delete(this.#own.values().next().value as string);
  }
}

// From the client -------------------------------------------------------------------------------

/** Requests whose `taskId` is that of a task of the server. */
const ABOUT_TASKS: ReadonlySet<string> = new Set([
  "tasks/get",
  "tasks/result",
  "tasks/update",
  "tasks/cancel",
]);

/**
 * Puts the server's own task ids into a message of the client. A request about a task that the grant was never given
 * becomes one about a task that does not exist: only the server knows how it answers that.
 */
export function openTasks(
  admitted: Admitted,
  { tasks, notice }: Pick<Governance, "tasks" | "notice">,
): Refused | undefined {
  const { message, value } = admitted;
  if (message.kind === "response") {
    // The client's own tasks are none of ours: their ids pass.
    openRelated(admitted, value.result, tasks);
    return undefined;
  }
  const { method, params } = message;
  if (params === undefined) return undefined;
  const related = openRelated(admitted, params, tasks);
  if (message.kind === "notification") return undefined;
  if (!related) return unknownTask(message.id);
  if (ABOUT_TASKS.has(method) && params.taskId !== undefined) {
    const id = typeof params.taskId === "string" ? tasks.open(params.taskId) : undefined;
    if (id === undefined) {
      notice(`\`${method}\` named a task that is not its grant's; the server is asked for none.`);
    }
    editable(admitted);
    (params as Draft).taskId = id ?? `none-${randomUUID()}`;
  }
  if (method === "subscriptions/listen") openSubscribed(admitted, params.notifications, tasks);
  return undefined;
}

/** False when it names a task that is not the grant's. */
function openRelated(admitted: Admitted, holder: Json | undefined, tasks: Tasks): boolean {
  const related = relatedOf(holder);
  if (related === undefined) return true;
  const id = isObject(related) && typeof related.taskId === "string" ? related.taskId : undefined;
  const own = id === undefined ? undefined : tasks.open(id);
  if (own === undefined) return false;
  editable(admitted);
  (related as Draft).taskId = own;
  return true;
}

function openSubscribed(admitted: Admitted, filter: Json | undefined, tasks: Tasks): void {
  if (!isObject(filter) || filter.taskIds === undefined) return;
  editable(admitted);
  const ids = Array.isArray(filter.taskIds) ? (filter.taskIds as readonly Json[]) : [];
  (filter as Draft).taskIds = ids.flatMap((id) => {
    const own = typeof id === "string" ? tasks.open(id) : undefined;
    return own === undefined ? [] : [own];
  });
}

function unknownTask(id: Refused["id"]): Refused {
  return { ok: false, id, code: INVALID_PARAMS, message: "Task not found", unknown: true };
}

// From the server -------------------------------------------------------------------------------

/**
 * The text of a message of the server with task ids as the client knows them: the one that was given when it holds
 * none, undefined when it is about a task that may be another grant's, or cannot be written anew.
 */
export function sealTasks(text: string, message: JsonObject, tasks: Tasks): string | undefined {
  if (!holdsTasks(message)) return text;
  if (isStatus(message) && !tasks.owns(String((message.params as JsonObject).taskId))) {
    return undefined;
  }
  // Read again with all duplicates seen and all digits kept: this message is written anew.
  const scanned = scan(text, SERVER_LIMITS);
  if (!scanned.ok || !isObject(scanned.value)) return undefined;
  const own = scanned.value as Draft;
  if (isObject(own.result) && isTaskList(own.result.tasks)) {
    (own.result as Draft).tasks = own.result.tasks.filter((task) => tasks.lists(task));
  }
  for (const holder of holdersIn(own)) holder.taskId = tasks.seal(holder.taskId);
  const filter = subscribedIn(own);
  if (filter !== undefined) filter.taskIds = filter.taskIds.map((id) => tasks.seal(id));
  return write(own, scanned.numbers);
}

type Draft = { [key: string]: Json };
type Holder = Draft & { taskId: string };

function holdsTasks(message: JsonObject): boolean {
  return (
    holdersIn(message).length > 0 ||
    subscribedIn(message) !== undefined ||
    (isObject(message.result) && isTaskList(message.result.tasks))
  );
}

/** Everything in a message of the server that names one of its tasks. A server's `tasks/*` are about the client's. */
function holdersIn(message: JsonObject): Holder[] {
  const { params, result } = message;
  const found: Holder[] = [];
  if (isObject(params)) {
    addRelated(found, params);
    if (isStatus(message)) {
      add(found, params);
      addRelated(found, params.result);
    }
  }
  if (isObject(result)) {
    addRelated(found, result);
    if (isTask(result)) {
      add(found, result);
      addRelated(found, result.result);
    }
    if (isTask(result.task)) add(found, result.task);
    if (isTaskList(result.tasks)) for (const task of result.tasks) add(found, task);
  }
  return found;
}

function add(found: Holder[], holder: Json | undefined): void {
  if (isNamed(holder)) found.push(holder);
}

function addRelated(found: Holder[], holder: Json | undefined): void {
  add(found, relatedOf(holder));
}

function relatedOf(holder: Json | undefined): Json | undefined {
  return isObject(holder) && isObject(holder._meta) ? holder._meta[RELATED] : undefined;
}

function isStatus({ method, params, id }: JsonObject): boolean {
  return (
    id === undefined &&
    (method === "notifications/tasks/status" || method === "notifications/tasks") &&
    isObject(params)
  );
}

function isTask(value: Json | undefined): value is Holder {
  return isNamed(value) && (typeof value.status === "string" || value.resultType === "task");
}

function isNamed(value: Json | undefined): value is Holder {
  return isObject(value) && typeof value.taskId === "string";
}

/** One task in it is enough: what else is in it must not keep it from being recognised. */
function isTaskList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value) && value.some(isNamed);
}

/** The tasks that a server says it will tell of. */
function subscribedIn({ method, params }: JsonObject): { taskIds: string[] } | undefined {
  if (method !== "notifications/subscriptions/acknowledged" || !isObject(params)) return undefined;
  const { notifications } = params;
  if (!isObject(notifications) || !Array.isArray(notifications.taskIds)) return undefined;
  const ids = notifications.taskIds as readonly Json[];
  return ids.every((id) => typeof id === "string")
    ? (notifications as unknown as { taskIds: string[] })
    : undefined;
}
