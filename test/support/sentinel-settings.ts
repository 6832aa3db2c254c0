import type { StartRedisOptions } from "../../runtime/testing/redis/index.js";
import { appPassword, replicationUser, usersFile } from "./acl-users.js";
import { issueCertificates } from "./certificates.js";
import { tlsPortOf } from "./cluster-settings.js";
import type { Network } from "./network.js";

/** Under which name the sentinels watch the master. */
export const MASTER_NAME = "mymaster";

export interface StartSentinelOptions {
  /** Of the master. @defaultValue 2 */
  readonly replicas?: number;
  /** @defaultValue 3, the fewest that can agree when one is away */
  readonly sentinels?: number;
  /** More arguments for master and replicas. */
  readonly arguments?: readonly string[];
  /** Whether servers can be cut off from each other. Everything then goes through proxies. @defaultValue false */
  readonly network?: boolean;
  /** A TLS port and a certificate for each server, sentinels too. @defaultValue false */
  readonly tls?: boolean;
  /** The rights of the user `app` on master and replicas. @defaultValue there is none */
  readonly rules?: string;
  /** The rights of the user `app` on the sentinels. @defaultValue there is none */
  readonly sentinelRules?: string;
}

/** What each server is started with. */
export class SentinelSettings {
  readonly ca: string | undefined;
  readonly nodeCount: number;
  readonly sentinelCount: number;
  readonly #options: StartSentinelOptions;
  readonly #network: Network | undefined;
  readonly #files: readonly Readonly<Record<string, string>>[];

  constructor(options: StartSentinelOptions, network: Network | undefined) {
    const { replicas = 2, sentinels = 3, tls = false } = options;
    this.#options = options;
    this.#network = network;
    this.nodeCount = 1 + replicas;
    this.sentinelCount = sentinels;
    const names = Array.from({ length: this.nodeCount + sentinels }, () => "IP:127.0.0.1");
    const certificates = tls ? issueCertificates(names) : undefined;
    this.ca = certificates?.ca;
    this.#files = names.map((_, index) => {
      const issued = certificates?.issued[index];
      return issued ? { "ca.pem": certificates.ca, "node.pem": issued.certificate, "node.key": issued.key } : {};
    });
  }

  /** Where everybody but the tests themselves finds a server. */
  portOf(index: number, port: number): number {
    const place = this.#network?.places[index];
    return place?.data.port ?? (this.ca === undefined ? port : tlsPortOf(port));
  }

  /** @param masterPort - of the master whose replica it is; none: it is the master */
  node(index: number, masterPort?: number): StartRedisOptions {
    const place = this.#network?.places[index];
    return {
      files: { ...this.#files[index], "users.acl": usersFile(this.#options.rules) },
      arguments: (port) => [
        ...["--aclfile", "users.acl", "--masteruser", replicationUser, "--masterauth", "any"],
        ...["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"],
        ...(masterPort === undefined ? [] : ["--replicaof", "127.0.0.1", `${masterPort}`]),
        ...(place ? ["--bind-source-addr", place.address, "--replica-announce-ip", "127.0.0.1"] : []),
        ...(place ? ["--replica-announce-port", `${place.data.port}`] : []),
        ...this.#tls(port),
        ...(this.#options.arguments ?? []),
      ],
    };
  }

  sentinel(index: number, masterPort: number): StartRedisOptions {
    const place = this.#network?.places[index];
    const rules = this.#options.sentinelRules;
    const lines = [
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${Math.floor(this.sentinelCount / 2) + 1}`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 500`,
      `sentinel failover-timeout ${MASTER_NAME} 2000`,
      `sentinel parallel-syncs ${MASTER_NAME} 2`,
      ...(place ? ["sentinel announce-ip 127.0.0.1", `sentinel announce-port ${place.data.port}`] : []),
      ...(rules === undefined ? [] : [`user app on >"${appPassword}" ${rules}`]),
    ];
    return {
      files: { ...this.#files[index], "sentinel.conf": `${lines.join("\n")}\n` },
      configFile: "sentinel.conf",
      arguments: (port) => ["--sentinel", ...(place ? ["--bind-source-addr", place.address] : []), ...this.#tls(port)],
    };
  }

  #tls(port: number): string[] {
    if (this.ca === undefined) {
      return [];
    }
    return [
      ...["--tls-port", `${tlsPortOf(port)}`, "--tls-auth-clients", "no", "--tls-ca-cert-file", "ca.pem"],
      ...["--tls-cert-file", "node.pem", "--tls-key-file", "node.key", "--tls-replication", "yes"],
    ];
  }
}
