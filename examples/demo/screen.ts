import type { ContractError } from "@m-erp/messaging";
import pc from "picocolors";
import type { SeenStream } from "./stream-view.js";

const SERVICE_WIDTH = 25;
const TYPE_WIDTH = 23;
const PATIENCE_MS = 30_000;

/** Prints the story. It collects the reactions of services and shows them below the act that caused them. */
export class Screen {
  #chapter = 0;
  #reactions: { readonly service: string; readonly what: string }[] = [];
  #onReaction: (() => void) | undefined;

  title(name: string, place: string): void {
    print(`\n${pc.bold(name)}  ${pc.dim(place)}`);
  }

  chapter(heading: string): void {
    this.#chapter++;
    print(`\n${pc.cyan(String(this.#chapter))}  ${pc.bold(heading)}`);
  }

  /** Prints an act: a service publishes or sends a message. */
  act(service: string, verb: string, type: string): void {
    print(`\n   ${service.padEnd(SERVICE_WIDTH)}  ${verb} ${pc.cyan(type)}`);
  }

  /** Records the reaction of a service. Called by the services' handlers. */
  react(service: string, what: string): void {
    this.#reactions.push({ service, what });
    this.#onReaction?.();
  }

  /** Waits for the given number of reactions and prints them in the order of their arrival. */
  async reactions(count: number): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    while (this.#reactions.length < count) {
      if (patience.aborted) throw new Error(`${count} reactions expected, ${this.#reactions.length} seen`);
      await Promise.race([new Promise<void>((resolve) => (this.#onReaction = resolve)), aborted(patience)]);
    }
    this.#reactions.splice(0, count).forEach(({ service, what }, at) => {
      const branch = pc.dim(at === count - 1 ? "└─" : "├─");
      print(`   ${branch} ${service.padEnd(SERVICE_WIDTH - 3)}  ${what}`);
    });
  }

  refusal({ code, type, issues }: ContractError): void {
    print(`   ${pc.dim("└─")} ${pc.red("refused".padEnd(SERVICE_WIDTH - 3))}  ${code}: ${type} breaks its contract`);
    const width = Math.max(...issues.map(({ path }) => path.length));
    for (const { path, message } of issues) {
      print(`${" ".repeat(SERVICE_WIDTH + 5)}${pc.yellow(path.padEnd(width))}  ${message}`);
    }
  }

  note(text: string): void {
    print(`\n   ${pc.dim(text)}`);
  }

  stream({ name, entries, groups }: SeenStream): void {
    print(`\n   ${pc.cyan(name)}  ${pc.dim(entries.length === 1 ? "1 entry" : `${entries.length} entries`)}`);
    for (const { id, type, source, correlationId } of entries) {
      const correlation = correlationId === "" ? "" : pc.dim(`correlation ${correlationId}`);
      print(`     ${pc.dim(id)}  ${type.padEnd(TYPE_WIDTH)}${source.padEnd(SERVICE_WIDTH)}${correlation}`.trimEnd());
    }
    for (const { name: group, read, pending, lag } of groups) {
      const counts = `read ${read}   pending ${pending}   lag ${lag ?? "unknown"}`;
      print(`     group ${group.padEnd(TYPE_WIDTH + 11)}${pending === 0 ? pc.green(counts) : pc.red(counts)}`);
    }
  }

  end(text: string): void {
    print(`\n${pc.green("✓")}  ${text}\n`);
  }

  failure(error: unknown): void {
    process.stderr.write(`\n${pc.red("✗")}  ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
