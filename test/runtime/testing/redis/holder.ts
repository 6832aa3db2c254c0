import { obtainRedis, startRedis } from "../../../../runtime/testing/redis/index.js";
import { onParentMessage, tell } from "../../../support/parent.js";

/** A program that has a Redis: of the way it is told by its first argument, for as long as its second one says. */
const [way, howLong] = process.argv.slice(2);

const redis = way === "obtain" ? await obtainRedis() : await startRedis();
if (redis.external) {
  tell({ external: true, url: redis.url });
} else {
  tell({ external: false, url: redis.url, pid: redis.pid, folder: redis.folder, version: redis.version });
}
switch (howLong) {
  case "paused": // Its Redis hangs while it dies.
    (redis as { pause(): void }).pause();
    tell({ paused: true });
    onParentMessage(() => {});
    break;
  case "until-killed":
    onParentMessage(() => {});
    break;
  case "stop":
    await redis.stop();
    tell({ stopped: true });
    break;
  default: // Forgets to stop it, and has nothing else to do.
}
