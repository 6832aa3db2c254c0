import { setTimeout as sleep } from "node:timers/promises";
import { onUserCreated } from "../../generated/index.js";
import { replay } from "../../runtime/operations/index.js";
import { tell } from "../support/parent.js";
import { createService } from "../support/service.js";
import { JournalWriter } from "./journal.js";

/** A replay as plain data. */
export interface Replayed {
  readonly url: string;
  readonly journal: string;
  readonly checkpoint: string;
}

const { url, journal, checkpoint } = JSON.parse(process.argv[2] ?? "") as Replayed;
const writer = new JournalWriter(journal);
await using messaging = createService({ url }, { service: "billing" });
onUserCreated(messaging, async ({ entity_id }) => {
  writer.write("begun", entity_id, 1);
  await sleep(1);
  writer.write("handled", entity_id, 1);
});
tell({ begins: true });
const { handled } = await replay(messaging, { checkpoint });
tell({ handled });
