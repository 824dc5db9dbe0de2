import { chmodSync, closeSync, mkdirSync, openSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StateRefused } from "../store.ts";

/**
 * `f_type` of file systems that other machines can write to, or whose locks and shared memory are not to be
 * relied on (Linux: statfs(2), include/uapi/linux/magic.h).
 */
const NETWORK = new Map<number, string>([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9P"],
  [0x65735546, "FUSE"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x00c36400, "Ceph"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x19830326, "BeeGFS"],
  [0x786f4256, "vboxsf"],
  [0xbacbacbc, "vmhgfs"],
]);

/** The network file system that a `statfs` type stands for, if it does. */
export function networkFileSystem(type: number): string | undefined {
  return NETWORK.get(type >>> 0);
}

/**
 * Makes the file (0600) and its folder (0700) where they are absent, and refuses what cannot hold state
 * safely. The absolute path.
 */
export function prepareFile(name: string): string {
  const path = resolve(name);
  if (process.platform === "win32" && path.startsWith("\\\\")) throw onNetwork(path, "SMB");
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    create(path);
    const stat = statSync(path);
    if (!stat.isFile()) throw new StateRefused(`The state \`${path}\` is not a file.`);
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8);
      throw new StateRefused(
        `The state file \`${path}\` can be read or written by other users (mode ${mode}). Run \`chmod 600\` on it.`,
      );
    }
    if (process.platform === "linux") {
      const network = networkFileSystem(statfsSync(path).type);
      if (network) throw onNetwork(path, network);
    }
  } catch (error) {
    if (error instanceof StateRefused) throw error;
    throw new StateRefused(
      `The state file \`${path}\` cannot be used: ${(error as Error).message}.`,
    );
  }
  return path;
}

function create(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
    // The umask may have taken more than it should.
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function onNetwork(path: string, system: string): StateRefused {
  return new StateRefused(
    `The state file \`${path}\` is on a network file system (${system}), where its locks cannot be relied on. Put it on a local disk, or use \`redis://…\`.`,
  );
}
