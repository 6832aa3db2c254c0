import { type Config, prefixed } from "../../config/config.js";
import type { Connection } from "../../redis/connection.js";
import { streamKeys } from "../../redis/keys.js";
import { groupsWithLag } from "../../redis/lag.js";
import { field } from "../../redis/reply.js";
import { type Finding, failed } from "./finding.js";

const STREAMS = ["events", "commands", "notifications", "health"];

/** Reports on the streams of the configured environment. It only reads. */
export async function* survey(connection: Connection, config: Config): AsyncGenerator<Finding> {
  for (const name of STREAMS) yield await surveyStream(connection, config, prefixed(config, name));
}

async function surveyStream(connection: Connection, config: Config, stream: string): Promise<Finding> {
  const check = `stream ${stream}`;
  try {
    const client = await connection.ready();
    const type = await client.type(stream);
    if (type === "none") return { check, verdict: "good", text: "does not exist yet" };
    if (type !== "stream") return { check, verdict: "bad", text: `the key holds a ${type}, not a stream` };
    const { dead } = streamKeys(stream, config.group);
    const [length, deadLetters, groups] = await Promise.all([
      client.xlen(stream),
      client.xlen(dead),
      groupsWithLag(client, stream),
    ]);
    const letters = deadLetters === 0 ? "" : `, ${count(deadLetters, "dead letter")} in ${dead}`;
    return {
      check,
      verdict: deadLetters === 0 ? "good" : "notable",
      text: `${length === 1 ? "1 entry" : `${length} entries`}, ${count(groups.length, "group")}${letters}`,
      lines: groups.map(describeGroup),
    };
  } catch (error) {
    return failed(check, error);
  }
}

function describeGroup({ info, lag }: Awaited<ReturnType<typeof groupsWithLag>>[number]): string {
  const consumers = count(Number(field(info, "consumers")), "consumer");
  return `${field(info, "name")}: lag ${lag ?? "unknown"}, pending ${field(info, "pending")}, ${consumers}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
