import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { freePort } from "../fixtures/processes.ts";
import type { Tool } from "../fixtures/recording-upstream/answers.ts";
import { startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { hasRedis, RedisServer } from "../runtime/state/redis-server.ts";
import { MCPP, ROOT } from "./lines.ts";
import { startGateway, tokenLine } from "./served-gateway.ts";

// The manifests of `examples/kubernetes`: that they fit together, and that their configuration is served as they say.

const FOLDER = join(ROOT, "examples/kubernetes");

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: as deep as Kubernetes has it, and a wrong step fails the test.
  readonly spec?: any;
}

const manifests = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => {
    // Kubernetes reads YAML 1.1.
    const documents = parseAllDocuments(readFileSync(join(FOLDER, name), "utf8"), {
      version: "1.1",
    });
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    return documents.map((document) => document.toJS() as Manifest);
  });

function only(kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Manifest;
}

const config = only("ConfigMap").data ?? {};
const yaml = config["mcpp.yaml"] as string;
const secret = only("Secret").stringData ?? {};
const deployment = only("Deployment");
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

const KEY = randomBytes(32).toString("base64");

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A folder as the kubelet mounts a ConfigMap: every file is a link through one link, which a change replaces. */
class MountedConfig {
  readonly path = mkdtempSync(join(tmpdir(), "mcpp-configmap-"));
  #version = 0;

  constructor(files: Readonly<Record<string, string>>) {
    symlinkSync(this.#store(files), join(this.path, "..data"));
    this.#link(files);
    cleanUps.push(() => rmSync(this.path, { recursive: true, force: true }));
  }

  replace(files: Readonly<Record<string, string>>): void {
    const before = `..v${this.#version}`;
    symlinkSync(this.#store(files), join(this.path, "..data_tmp"));
    renameSync(join(this.path, "..data_tmp"), join(this.path, "..data"));
    this.#link(files);
    rmSync(join(this.path, before), { recursive: true });
  }

  #link(files: Readonly<Record<string, string>>): void {
    const there = readdirSync(this.path);
    for (const name of Object.keys(files)) {
      if (!there.includes(name)) symlinkSync(join("..data", name), join(this.path, name));
    }
  }

  #store(files: Readonly<Record<string, string>>): string {
    const name = `..v${++this.#version}`;
    mkdirSync(join(this.path, name));
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(this.path, name, file), text, { mode: 0o644 });
    }
    return name;
  }
}

describe("the manifests", () => {
  it("name each other", () => {
    for (const { metadata } of manifests) {
      expect(metadata).toMatchObject({ name: "mcpp", namespace: "tools" });
    }
    const labels = deployment.spec.template.metadata.labels;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(only("Service").spec.selector).toEqual(labels);
    expect(only("PodDisruptionBudget").spec.selector.matchLabels).toEqual(labels);
    expect(only("PodDisruptionBudget").spec.minAvailable).toBeLessThan(deployment.spec.replicas);
    const [volume] = pod.volumes;
    expect(volume.configMap.name).toBe(only("ConfigMap").metadata.name);
    const [mount] = container.volumeMounts;
    expect(mount).toEqual({ name: volume.name, mountPath: "/etc/mcpp", readOnly: true });
    expect(container.args).toEqual(["serve", "--config", `${mount.mountPath}/mcpp.yaml`]);
    expect(container.envFrom).toEqual([{ secretRef: { name: only("Secret").metadata.name } }]);
    const variables = [...yaml.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] as string);
    expect(new Set(variables)).toEqual(new Set(Object.keys(secret)));
  });

  it("lead from the Service to the port that is listened on, and let the probes in", () => {
    const [port] = container.ports;
    expect(yaml).toContain(`listen: 0.0.0.0:${port.containerPort}`);
    expect(only("Service").spec.ports).toEqual([{ name: "http", port: 80, targetPort: port.name }]);
    for (const [probe, path] of [
      [container.readinessProbe, "/readyz"],
      [container.livenessProbe, "/healthz"],
    ]) {
      expect(probe.httpGet).toEqual({
        path,
        port: port.name,
        httpHeaders: [{ name: "Host", value: "localhost" }],
      });
    }
  });

  it("give a pod nothing that it does not need, and time to end", () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const pause = Number(container.lifecycle.preStop.exec.command[1]);
    // What runs has ten seconds, and a child four more.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(pause + 10 + 4);
    const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
    expect(dockerfile).toContain(`USER ${pod.securityContext.runAsUser}:`);
    expect(dockerfile).toContain(JSON.stringify(container.args).replaceAll(",", ", "));
    expect(dockerfile).toContain(`EXPOSE ${container.ports[0].containerPort}`);
  });

  it("hold a configuration without a finding", () => {
    const { path } = new MountedConfig(config);
    const env = { PATH: process.env.PATH, ...secret, MCPP_KEY: KEY, PAYMENTS_TOKEN: "of payments" };
    const args = [MCPP, "check", join(path, "mcpp.yaml")];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
    // A guard is for every server, and names the tools of none.
    const findings = `${stdout}${stderr}`.match(/^\w+ MCPP.*$/gm) ?? [];
    expect(findings.filter((finding) => !finding.includes("org.mcpp"))).toEqual([]);
    expect(status).toBe(0);
  });
});

describe.skipIf(!hasRedis)("the configuration of the manifests", () => {
  it("is served as they say, and a change of the ConfigMap takes effect by itself", async () => {
    const redis = await RedisServer.start();
    const { tools } = JSON.parse(config["payments.tools.json"] as string) as {
      readonly tools: readonly Tool[];
    };
    const upstream = await startRecordingHttp({ tools });
    const port = await freePort();
    cleanUps.push(
      () => redis.end(),
      () => upstream.close(),
    );
    const here: Record<string, string> = {
      ...config,
      "mcpp.yaml": yaml
        .replace("0.0.0.0:8420", `0.0.0.0:${port}`)
        .replace("https://mcp.example.com/mcp", upstream.url)
        .replace(/sha256:[0-9a-f]{64}/, tokenLine("ci")),
    };
    const mounted = new MountedConfig(here);
    const gateway = startGateway(join(mounted.path, "mcpp.yaml"), {
      PATH: process.env.PATH,
      MCPP_KEY: KEY,
      MCPP_STATE: redis.address,
      PAYMENTS_TOKEN: "of payments",
    });
    cleanUps.push(() => gateway.stop());
    await gateway.listening;
    gateway.port = port;

    const probe = container.readinessProbe.httpGet;
    expect((await gateway.get(probe.path, probe.httpHeaders[0].value)).status).toBe(200);
    expect((await gateway.get("/healthz", "localhost")).status).toBe(200);
    // What the kubelet sends unless it is told.
    expect((await gateway.get(probe.path, `10.0.0.7:${port}`)).status).toBe(403);
    const { name, namespace } = only("Service").metadata;
    for (const host of [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}:80`]) {
      expect((await gateway.get("/healthz", host)).status).toBe(200);
    }

    const call = async (tool: string, args: Record<string, unknown>) => {
      const host = `${name}.${namespace}.svc`;
      const answer = await gateway.ask("ci", "payments", toolCall(1, tool, args), { host });
      return answer.error?.message ?? answer.result?.content?.[0]?.text ?? "";
    };
    const small = { id: "1", amount: 1 };
    expect(await call("get_payment", { id: "1" })).toContain('"name":"get_payment"');
    expect(await call("create_refund", small)).toContain('"name":"create_refund"');
    expect(await call("create_refund", { id: "1", amount: 10_001 })).toContain("for a person");
    expect(await call("delete_customer", { id: "1" })).toContain("Nothing is deleted");
    const refunds = (rule: string) => ({
      ...here,
      "ci.mcpp": `server payments tools "./payments.tools.json"\n\n${rule} create_refund\nallow delete_customer\n`,
    });
    mounted.replace(refunds("deny"));
    await expect.poll(() => gateway.stderr).toContain("was loaded anew");
    expect(await call("create_refund", small)).toContain("DENIED");
    expect(await call("delete_customer", { id: "1" })).toContain("Nothing is deleted");
    mounted.replace(refunds("allow"));
    await expect.poll(() => call("create_refund", small)).toContain('"name":"create_refund"');
    mounted.replace({
      ...here,
      "mcpp.yaml": (here["mcpp.yaml"] as string).replace("./ci.mcpp", "./new.mcpp"),
      "new.mcpp": 'server payments\n\ndeny create_refund because "By the new file."\n',
    });
    await expect.poll(() => call("create_refund", small)).toContain("By the new file.");

    gateway.process.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
  });
});
