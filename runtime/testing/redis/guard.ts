import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

/**
 * A small shell that stands between us and the server. Its standard input is a pipe whose only writer is this process:
 * whatever ends this process (SIGKILL too) ends the pipe, and the shell then kills the server and removes its folder.
 *
 * While a server runs, `watch` alone reads the pipe; while none runs, the loop does. So `kill -9` meets a process that
 * the loop has not yet waited for, never a stranger that was given the same pid.
 */
const script = `
trap '' PIPE HUP
PATH="$PATH:/usr/bin:/bin"
folder=$1
shift
mkdir -m 700 "$folder" && cd "$folder" || exit 1
server= watch=
leave() {
  [ -n "$server" ] && kill -9 $server $watch
  cd /
  for attempt in 1 2 3 4 5; do # A fork that was saving may add a file while we remove.
    rm -rf "$folder" && break
    sleep 1
  done
  exit "$1"
}
trap 'leave 1' TERM INT
exec 3<&0
echo "guard: folder"
while read -r order <&3; do
  case $order in
  clear) rm -rf dump.rdb appendonlydir ;;
  start)
    "$@" </dev/null 2>&1 3<&- &
    server=$!
    echo "guard: started $server"
    { read -r order <&3; kill -9 $server; } &
    watch=$!
    wait $server
    code=$?
    kill -9 $watch
    wait $watch
    server= watch=
    echo "guard: exited $code" ;;
  esac
done 2>/dev/null
leave 0
`;

/** As many of the server's last lines as an error shows and a test may look at. */
const linesKept = 200;

export interface GuardEvents {
  /** A line that the server printed. */
  line(text: string): void;
  /** The server ended: by itself, killed, or with its guard. */
  exited(code: number): void;
}

/** Runs one server at a time in a folder of its own, and sees to it that neither outlives this process. */
export class Guard {
  readonly folder: string;
  readonly log: string[] = [];
  readonly #process: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #folderMade: Promise<void>;
  #events: GuardEvents | undefined;
  #pid = 0;
  #running = false;
  #gone = false;
  #holds = 0;

  /**
   * @param command - the server and its arguments, run with the folder as working directory
   * @param folder - does not exist yet; removed in the end
   */
  constructor(command: readonly string[], folder: string) {
    this.folder = folder;
    // Detached: Ctrl-C in a terminal reaches this process alone, which then still has its Redis while it winds up.
    this.#process = spawn("/bin/sh", ["-c", `exec 2>&1\n${script}`, "guard", folder, ...command], {
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#process.stdin?.on("error", () => {}); // A guard that is gone is told by "close".
    this.#closed = new Promise<void>((resolve) => {
      this.#process.once("error", () => resolve());
      this.#process.once("close", () => resolve());
    }).then(() => {
      this.#gone = true;
      this.#ended(-1);
    });
    this.#folderMade = new Promise((resolve) => {
      void this.#closed.then(resolve);
      if (this.#process.stdout) {
        createInterface({ input: this.#process.stdout }).on("line", (line) => {
          if (line === "guard: folder") {
            resolve();
          } else {
            this.#read(line);
          }
        });
      }
    });
    this.#setHeld(false);
  }

  /** The process id of the server that runs, else of the last one that did. */
  get pid(): number {
    return this.#pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when the folder is there to write into. */
  async ready(): Promise<void> {
    await this.hold(() => this.#folderMade);
  }

  /** Starts the server; `events` tell what becomes of it. */
  start(events: GuardEvents): void {
    this.#events = events;
    if (this.#gone) {
      this.#ended(-1);
    } else {
      this.#process.stdin?.write("start\n");
    }
  }

  /** Removes the data of a server that does not run; its configuration stays. */
  clearData(): void {
    this.#process.stdin?.write("clear\n");
  }

  /** Kills the server, removes the folder, ends the guard; resolves when all that is done. */
  async end(): Promise<void> {
    await this.hold(() => {
      this.#process.stdin?.end();
      return this.#closed;
    });
  }

  /** Keeps Node alive during `work`. At all other times a guard must not hinder it from exiting. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    this.#setHeld(true);
    try {
      return await work();
    } finally {
      this.#holds -= 1;
      this.#setHeld(this.#holds > 0);
    }
  }

  #setHeld(held: boolean): void {
    const verb = held ? "ref" : "unref";
    this.#process[verb]();
    for (const pipe of [this.#process.stdin, this.#process.stdout] as (Socket | null)[]) {
      if (pipe && !pipe.destroyed) {
        pipe[verb]();
      }
    }
  }

  #read(line: string): void {
    const [, event, number] = /^guard: (started|exited) (\d+)$/.exec(line) ?? [];
    if (event === "started") {
      this.#pid = Number(number);
      this.#running = true;
    } else if (event === "exited") {
      this.#ended(Number(number));
    } else {
      this.log.push(line);
      this.log.splice(0, this.log.length - linesKept);
      this.#events?.line(line);
    }
  }

  #ended(code: number): void {
    this.#running = false;
    this.#events?.exited(code);
    this.#events = undefined;
  }
}
