// A process whose handlers write to PostgreSQL, until it is killed.
import { onUserCreated } from "../../generated/index.js";
import { createInbox } from "../../runtime/postgres/index.js";
import { tell } from "../support/parent.js";
import { poolOf } from "../support/postgres.js";
import { createService } from "../support/service.js";

const [redis = "", postgres = "", handlerTimeoutSeconds = ""] = process.argv.slice(2);
const inbox = createInbox(poolOf({ url: postgres }));
const messaging = createService(
  { url: redis },
  {
    ...{
      service: "credit",
      extensions: [inbox],
      leaseSeconds: 1,
      maxRetries: 0,
      retryDelaySeconds: 0.1,
      concurrency: 4,
    },
    // It waits where it is for half of that.
    handlerTimeoutSeconds: Number(handlerTimeoutSeconds),
    hooks: { handlerFailed: ({ entryId }) => tell({ failed: entryId }) },
  },
);
onUserCreated(messaging, ({ entity_id }, context) =>
  inbox.transactionOf(context).query("INSERT INTO effect VALUES ($1)", [`user ${entity_id}`]),
);
await messaging.start();
tell({ started: true });
