// A service whose handler blocks the event loop until the test sends a byte. It is run beside the built package, and
// bundled with it; without a top-level await, which a CommonJS bundle cannot have.
import { readSync, writeSync } from "node:fs";
import { createMessaging, onUserCreated } from "@m-erp/messaging";

const tell = (message) => writeSync(1, `${JSON.stringify(message)}\n`);

const messaging = createMessaging();
onUserCreated(messaging, ({ entity_id }) => {
  tell({ begun: entity_id });
  readSync(0, Buffer.alloc(1));
  tell({ handled: entity_id });
});
messaging.start({ requireRedis: true }).then(() => tell({ ready: true }));
