import { createHash, timingSafeEqual } from "node:crypto";
import { userInfo } from "node:os";
import type { Approval, Person } from "../../runtime/index.ts";
import { Failure } from "../command.ts";
import type { ApproverConfig, Config } from "../config/config.ts";

/**
 * Who runs this command: the approver of a gateway whose token is in MCPP_APPROVER_TOKEN, or the user of this machine.
 * Throws `Failure`.
 */
export function approverIn(config: Config | undefined, env: NodeJS.ProcessEnv): Person {
  if (config === undefined) return localUser();
  const { approvers } = config.approvals;
  if (approvers.length === 0) {
    throw new Failure("The configuration names no approvers: nobody can decide.");
  }
  const token = env.MCPP_APPROVER_TOKEN ?? "";
  if (token === "") {
    throw new Failure(
      "Say who you are: put your approver's token into the environment variable MCPP_APPROVER_TOKEN.",
    );
  }
  const found = approverWith(approvers, createHash("sha256").update(token).digest("hex"));
  if (found === undefined) {
    throw new Failure("The token in MCPP_APPROVER_TOKEN is that of no approver of this gateway.");
  }
  return found;
}

/** Who runs this process. */
export function localUser(): Person {
  return { name: userInfo().username };
}

/** The approver with a token, by its SHA-256 (64 hexadecimal digits). */
export function approverWith(
  approvers: readonly ApproverConfig[],
  digest: string,
): ApproverConfig | undefined {
  const given = Buffer.from(digest, "hex");
  // All are compared, and each in constant time.
  return approvers.filter((one) => timingSafeEqual(Buffer.from(one.token, "hex"), given))[0];
}

/** Why an approver may not decide, a sentence; undefined where it may. */
export function whyNot(
  { name, groups }: Person,
  { id, local, approvers, grant, server }: Approval,
  config: Config | undefined,
): string | undefined {
  if (config === undefined) {
    return local === true
      ? undefined
      : `${id} is a gateway's: decide with \`--config FILE\` and your approver's token.`;
  }
  if (local === true) {
    return `${id} is of a proxy of this machine's user, who decides without \`--config\`.`;
  }
  if (!config.servers.has(server) || !config.grants.some((one) => one.id === grant)) {
    return `${id} is of another gateway: its server and grant are not in this configuration.`;
  }
  if (approvers === undefined || approvers.some((group) => groups?.includes(group))) {
    return undefined;
  }
  return `${id} needs one of ${approvers.join(", ")}, and \`${name}\` is in none of these groups.`;
}
