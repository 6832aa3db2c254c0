import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import type { Dashboard } from "../dashboard/create-dashboard.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { CommandError, conclude, exit, operatorCommand } from "./exit.js";

interface DashboardArguments extends CatalogueArguments {
  readonly port: number;
  readonly host: string;
  /** `true`: one is to be made. */
  readonly token?: string | true;
  readonly openReading?: true;
  readonly allowHost?: readonly string[];
}

const PORT = 4680;

/** `merp dashboard` */
export const dashboardCommand: Command = readingMessages(
  operatorCommand("dashboard", "show the streams, services and dead letters as a page in the browser")
    .option("--port <number>", "the port; 0 takes a free one", portOption, PORT)
    .option("--host <address>", "the address to listen at", "127.0.0.1")
    .option(
      "--token [text]",
      "the token that changes need, and reading, too, unless --open-reading; without a text one is made; also MERP_DASHBOARD_TOKEN",
    )
    .option("--open-reading", "let everyone read who reaches it; the token is for changes alone")
    .option("--allow-host <names...>", "further names under which browsers may ask for it"),
).action((given: DashboardArguments) => conclude(() => serve(given)));

/** Serves the page until the process is told to end. */
async function serve(given: DashboardArguments): Promise<number> {
  const { host, port, openReading, allowHost } = given;
  const token = given.token === true ? randomBytes(16).toString("hex") : given.token || tokenOfEnvironment();
  if (!isLoopback(host) && token === undefined) {
    throw new CommandError(`${host} is reached from other machines, so reading needs a token, too: add --token`);
  }
  const messages = await descriptorsOf(given);
  const { createDashboard } = await import("../dashboard/create-dashboard.js");
  const names = allowHost && { hosts: ["localhost", "127.0.0.1", "[::1]", ...allowHost] };
  await using dashboard = createDashboard({
    catalogue: { messages },
    token,
    openReading: openReading === true,
    ...names,
  });
  const server = await listen(dashboard, host, port);
  const { port: taken } = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  process.stdout.write(`http://${shown}:${taken}/\n`);
  if (given.token === true) process.stdout.write(`the token: ${token}\n`);
  if (token === undefined) process.stdout.write("it only reads; add --token to redrive, discard, pause or resume\n");
  await ended();
  server.close();
  server.closeAllConnections();
  return exit.fine;
}

function listen({ handle }: Dashboard, host: string, port: number): Promise<Server> {
  const server = createServer(handle);
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} is taken: choose another with --port, or 0 for a free one`;
      const text = error.code === "EADDRINUSE" ? taken : `cannot listen at ${host}, port ${port} (${error.code})`;
      reject(new CommandError(text));
    });
    server.listen(port, host, () => resolve(server));
  });
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function tokenOfEnvironment(): string | undefined {
  return process.env["MERP_DASHBOARD_TOKEN"] || undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function portOption(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port: a number from 0 to 65535.");
}
