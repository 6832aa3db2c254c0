import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { contractOf } from "../../runtime/contract/contract.js";
import { encryption, environmentKeys } from "../../runtime/encryption/index.js";
import { blocksOf } from "../readme/blocks.js";
import { joined } from "../runtime/encryption/contract.js";

const page = readFileSync(new URL("../../docs/encryption.md", import.meta.url), "utf8");
/** One with the package of ciphers, which Debian's has. */
const python = ["/usr/bin/python3", "python3"].find(
  (program) => spawnSync(program, ["-c", "import cryptography"]).status === 0,
);
if (python === undefined && process.env["CI"]) {
  throw new Error("No Python with cryptography: apt-get install python3-cryptography");
}

it.skipIf(python === undefined)("the lines of Python read what is encrypted, at any place", () => {
  const secret = Buffer.alloc(32, 7).toString("base64");
  const keys = environmentKeys({ env: { MESSAGE_KEYS: `2026-a:${secret}` } });
  const { sealing } = encryption({ keys }).extend({ service: "people", environment: "test" });
  const after_data = { name: "Ünï → \u2028 ada", tags: ["abc", "a tag"], notes: { 'a "name"\n': { deep: [1, null] } } };
  const plain = { id: randomUUID(), type: "event", event_type: "person.joined", entity_id: 7, after_data };
  const message = contractOf(joined).seal(plain, sealing);
  const [block] = blocksOf(page).filter(({ language }) => language === "python");
  const program = `${block?.text}
given = json.loads(input())
keys = {key: base64.b64decode(text) for key, text in given["keys"].items()}
print(json.dumps([decrypt(given["message"], "person.joined", path, keys) for path in given["paths"]]))
`;
  const paths = [
    ["after_data", "name"],
    ["after_data", "tags", 1],
    ["after_data", "notes", 'a "name"\n'],
  ];
  const input = JSON.stringify({ message, paths, keys: { "2026-a": secret } });
  const read = execFileSync(python as string, ["-c", program], { input, encoding: "utf8" });
  expect(JSON.parse(read)).toEqual([after_data.name, "a tag", { deep: [1, null] }]);
  expect(block?.text.split("\n").length).toBeLessThanOrEqual(20);
});
