import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import type { Wish } from "./wish.js";

/** The Redis that a service is developed with. */
export interface DevRedis {
  readonly url: string;
  /** Whether it was started here. */
  readonly isOwn: boolean;
  /** What it is, in a line. */
  readonly about: string;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Says which process uses the data of a folder: two Redis would spoil them. */
const OWNER = "merp-dev.pid";

/** Starts a private Redis, or takes the one that is named. @throws {Error} with what to do, if there is none to be had */
export async function obtainDevRedis({ url, port, persist }: Wish): Promise<DevRedis> {
  if (url !== undefined) {
    return {
      url,
      isOwn: false,
      about: "a Redis that runs already",
      ended: new Promise(() => {}),
      stop: async () => {},
    };
  }
  // Imported here because the other commands start none.
  const { startRedis } = await import("../../testing/redis/index.js");
  const folder = persist === undefined ? undefined : claim(persist);
  try {
    const server = await startRedis({
      ...(port !== undefined && { port }),
      ...(folder !== undefined && { persistent: true, arguments: ["--dir", folder] }),
      onDownload: ({ name }) => process.stderr.write(`downloading ${name}, once\n`),
    });
    const kept = persist === undefined ? "in memory only" : `kept in ${persist}`;
    return {
      url: server.url,
      isOwn: true,
      about: `${server.flavour} ${server.version} on port ${server.port}, ${kept}`,
      ended: closed(server.port),
      stop: async () => {
        await server.stop();
        if (folder !== undefined) rmSync(join(folder, OWNER), { force: true });
      },
    };
  } catch (error) {
    if (folder !== undefined) rmSync(join(folder, OWNER), { force: true });
    const isTaken = port !== undefined && String((error as Error).message).includes("Address already in use");
    throw isTaken ? new Error(`port ${port} is taken; give another one, or none for a free one`) : error;
  }
}

/** Takes a folder for this process. @throws {Error} if another one that lives has it */
function claim(path: string): string {
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true });
  const owner = ownerOf(folder);
  if (owner !== undefined)
    throw new Error(`${path} is used by another merp dev, process ${owner}; give another folder`);
  writeFileSync(join(folder, OWNER), `${process.pid}\n`);
  return folder;
}

function ownerOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, OWNER), "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves when a connection to a port closes, which is when the server ends. Until then it keeps this process alive. */
function closed(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve());
    socket.once("close", () => resolve());
    socket.resume();
  });
}
