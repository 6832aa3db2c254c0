import type { StartRedisOptions } from "../../runtime/testing/redis/index.js";
import { replicationUser, usersFile } from "./acl-users.js";
import { issueCertificates } from "./certificates.js";
import type { Network, NetworkPlace } from "./network.js";

export interface StartClusterOptions {
  /** @defaultValue 3, the fewest that can agree on a failover */
  readonly masters?: number;
  /** Of each master. @defaultValue 0 */
  readonly replicas?: 0 | 1 | 2;
  /** More arguments for every node. */
  readonly arguments?: StartRedisOptions["arguments"];
  /** More files for every node. */
  readonly files?: StartRedisOptions["files"];
  /** Whether a node keeps what it has when it is killed. @defaultValue false */
  readonly persistent?: boolean;
  /** Whether nodes can be cut off from each other. Everything then goes through proxies. @defaultValue false */
  readonly network?: boolean;
  /**
   * A TLS port and a certificate for each node: for its `address`, or for a `hostname` that it announces and nothing
   * else. @defaultValue none
   */
  readonly tls?: "address" | "hostname";
  /** What a node is to be called by clients, by its index; only they hear of it. @defaultValue by its address */
  readonly hostname?: (index: number) => string;
  /** The rights of the user `app` on every node. @defaultValue there is none */
  readonly rules?: string;
}

/** A dead master is replaced within three of these, so that a failover test takes seconds and not a minute. */
const nodeTimeoutMs = 1_000;

/** What each node is started with. */
export interface ClusterSettings {
  readonly ca: string | undefined;
  of(index: number): StartRedisOptions;
}

/** A server that finds it taken starts on another port. */
export const tlsPortOf = (port: number): number => port + 5_000;

export function clusterSettings(
  count: number,
  {
    arguments: more = [],
    files,
    persistent = false,
    tls,
    rules,
    hostname = tls === "hostname" ? () => "localhost" : undefined,
  }: StartClusterOptions,
  network: Network | undefined,
): ClusterSettings {
  const name = tls === "hostname" ? "DNS:localhost" : "IP:127.0.0.1";
  const certificates = tls && issueCertificates(Array.from({ length: count }, () => name));
  return {
    ca: certificates?.ca,
    of(index) {
      const issued = certificates?.issued[index];
      return {
        persistent,
        files: {
          ...files,
          "users.acl": usersFile(rules),
          ...(issued && { "ca.pem": certificates.ca, "node.pem": issued.certificate, "node.key": issued.key }),
        },
        arguments: (port) => [
          ...["--cluster-enabled", "yes", "--cluster-node-timeout", `${nodeTimeoutMs}`],
          ...["--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no"],
          ...["--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0"],
          ...["--aclfile", "users.acl", "--masteruser", replicationUser, "--masterauth", "any"],
          ...["--enable-debug-command", "yes"],
          ...(issued ? tlsArguments(port) : []),
          ...(hostname ? announced(hostname(index)) : []),
          ...(network ? placed(network.places[index] as NetworkPlace) : []),
          ...(typeof more === "function" ? more(port) : more),
        ],
      };
    },
  };
}

function tlsArguments(port: number): string[] {
  return [
    ...["--tls-port", `${tlsPortOf(port)}`, "--tls-auth-clients", "no", "--tls-ca-cert-file", "ca.pem"],
    ...["--tls-cert-file", "node.pem", "--tls-key-file", "node.key"],
    // Redis 7.0 tells clients of the TLS ports only where the nodes speak TLS among themselves.
    ...["--tls-cluster", "yes", "--cluster-port", `${port + 10_000}`],
  ];
}

function placed({ data, bus, address }: NetworkPlace): string[] {
  return [
    ...["--bind-source-addr", address, "--cluster-announce-ip", data.host],
    ...["--cluster-announce-port", `${data.port}`, "--cluster-announce-bus-port", `${bus.port}`],
  ];
}

function announced(hostname: string): string[] {
  return ["--cluster-announce-hostname", hostname, "--cluster-preferred-endpoint-type", "hostname"];
}
