import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

/**
 * A shell that runs the server. Its standard input is a pipe that only this process writes. When this process ends in
 * any way, SIGKILL included, the pipe closes, and the shell kills the server and removes its folder.
 *
 * While a server runs, only `watch` reads the pipe; otherwise only the loop does. So `kill -9` hits a process that the
 * loop has not waited for yet, and never another process with a reused pid.
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

/** Number of the server's last lines that errors show and tests can read. */
const linesKept = 200;

export interface GuardEvents {
  /** A line that the server printed. */
  line(text: string): void;
  /** The server ended: by itself, by a signal, or with its guard. */
  exited(code: number): void;
}

/** Runs one server at a time in its own folder, and ensures that neither outlives this process. */
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
   * @param folder - must not exist yet; removed at the end
   */
  constructor(command: readonly string[], folder: string) {
    this.folder = folder;
    // Detached: Ctrl-C in a terminal reaches only this process, which keeps its Redis while it shuts down.
    this.#process = spawn("/bin/sh", ["-c", `exec 2>&1\n${script}`, "guard", folder, ...command], {
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#process.stdin?.on("error", () => {}); // The end of the guard is reported by "close".
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

  /** The process id of the running server, else of the last one. */
  get pid(): number {
    return this.#pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when the folder exists. */
  async ready(): Promise<void> {
    await this.hold(() => this.#folderMade);
  }

  /** Starts the server. `events` report its output and its end. */
  start(events: GuardEvents): void {
    this.#events = events;
    if (this.#gone) {
      this.#ended(-1);
    } else {
      this.#process.stdin?.write("start\n");
    }
  }

  /** Removes the data of a stopped server. Its configuration is kept. */
  clearData(): void {
    this.#process.stdin?.write("clear\n");
  }

  /** Kills the server, removes the folder and ends the guard; resolves when that is done. */
  async end(): Promise<void> {
    await this.hold(() => {
      this.#process.stdin?.end();
      return this.#closed;
    });
  }

  /** Keeps Node alive during `work`. At any other time a guard does not keep Node from exiting. */
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
