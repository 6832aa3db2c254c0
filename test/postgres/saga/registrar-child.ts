// A process that runs registrations, until it is killed.
import { tell } from "../../support/parent.js";
import { poolOf } from "../../support/postgres.js";
import { startRegistrar } from "./stage.js";

const [redis = "", postgres = ""] = process.argv.slice(2);
await startRegistrar(redis, poolOf({ url: postgres }), {
  leaseSeconds: 1,
  redis: { connectionTimeoutSeconds: 3, socketTimeoutSeconds: 2 },
});
tell({ started: true });
