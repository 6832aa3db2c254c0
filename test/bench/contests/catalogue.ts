import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "../contest.js";
import { type Measured, measureProcess } from "../measure.js";
import { root } from "../stage.js";
import { syntheticEvent, writeSyntheticCatalogue } from "../synthetic-catalogue.js";
import type { Arena } from "./arena.js";

/** Type-checks a service that imports a small catalogue, and the same service with a large one. */
export function typechecks(arena: Arena): Contestant[] {
  return [10, 400].map((messages) => ({
    name: `${messages} messages`,
    async measure(): Promise<Measured> {
      const folder = await generated(arena, messages);
      const tsc = `${root}node_modules/typescript/bin/tsc`;
      return measureProcess([tsc, "-p", `${folder}/tsconfig.json`], folder);
    },
  }));
}

/** Generates from the same 400 files, the whole process: from nothing, and after one of them was edited. */
export function generators(arena: Arena): Contestant[] {
  let edits = 0;
  const ours = async (prepare: (folder: string) => void): Promise<Measured> => {
    const folder = await generated(arena, 400);
    prepare(folder);
    return generate(arena, folder);
  };
  const peers = (arena.peers === undefined ? [] : ["modelina", "quicktype"]).map((name) => ({
    name,
    isRival: true,
    async measure(): Promise<Measured> {
      const folder = await generated(arena, 400);
      setAside(folder, name);
      const program = `${arena.peers?.folder}/generators/${name}.mjs`;
      return measureProcess([program, `${folder}/schemas/events`, `${folder}/${name}`], folder);
    },
  }));
  return [
    { name: "ours", measure: () => ours((folder) => setAside(folder, "generated")) },
    {
      name: "ours, one edit",
      measure: () =>
        ours((folder) => {
          const { type, schema } = syntheticEvent(7, edits++ % 2 === 0);
          writeFileSync(`${folder}/schemas/events/${type}.json`, `${JSON.stringify(schema, null, 2)}\n`);
        }),
    },
    ...peers,
  ];
}

/**
 * Moves an earlier output out of the way. Deleting it would be measured too: ext4 keeps away from what was deleted
 * within the last minutes, and takes ten times as long to create a file where as many are gone.
 */
function setAside(folder: string, output: string): void {
  if (!existsSync(`${folder}/${output}`)) return;
  mkdirSync(`${folder}/aside`, { recursive: true });
  renameSync(`${folder}/${output}`, `${folder}/aside/${output}-${performance.now()}`);
}

/** A synthetic catalogue of so many messages, generated once, with a service that imports it. */
async function generated(arena: Arena, messages: number): Promise<string> {
  const folder = `${arena.stage.folder}/synthetic-${messages}`;
  if (existsSync(`${folder}/generated`)) return folder;
  if (!existsSync(folder)) writeSyntheticCatalogue(folder, messages);
  cpSync(`${root}tsconfig.json`, `${folder}/strictest.json`);
  const compilerOptions = { rootDir: ".", noEmit: true, isolatedDeclarations: false, declaration: false };
  const include = ["service.ts", "generated"];
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: "./strictest.json", compilerOptions, include }, null, 2),
  );
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n');
  writeFileSync(`${folder}/service.ts`, service);
  await generate(arena, folder);
  return folder;
}

function generate({ stage: { built } }: Arena, folder: string): Promise<Measured> {
  const { bin } = JSON.parse(readFileSync(`${built}/package.json`, "utf8")) as { bin: { merp: string } };
  return measureProcess([join(built, bin.merp), "generate", "--schemas", "schemas"], folder);
}

const service = `import { createMessaging, onEntityaCreated, publishEntityaUpdated } from "./generated/index.js";

const messaging = createMessaging({ service: "billing" });
onEntityaCreated(messaging, async (event) => {
  await publishEntityaUpdated(messaging, { entity_id: event.entity_id, after_data: { name: event.after_data.name, amount: 1 } });
});
messaging.on("entitya.*", (event) => {
  if (event.event_type === "entitya.deleted") console.log(event.after_data.name);
});
await messaging.start();
`;
