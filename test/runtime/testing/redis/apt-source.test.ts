import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readSources } from "../../../../runtime/testing/redis/apt-source.js";

const apt = mkdtempSync(join(tmpdir(), "m-erp-apt-"));

beforeAll(() => {
  mkdirSync(join(apt, "sources.list.d"));
  writeFileSync(
    join(apt, "sources.list"),
    `# a comment
deb [arch=amd64 signed-by=/keys/one.gpg] http://mirror.example/debian bookworm main contrib # trailing
deb-src http://mirror.example/debian bookworm main
deb http://third.example/apt stable main
`,
  );
  writeFileSync(
    join(apt, "sources.list.d", "debian.sources"),
    `Types: deb deb-src
# where from
URIs: http://mirror.example/debian
Suites: bookworm bookworm-security bookworm-backports
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`,
  );
  writeFileSync(join(apt, "sources.list.d", "old.list.save"), "deb http://saved.example/debian bookworm main\n");
});

afterAll(() => rmSync(apt, { recursive: true }));

async function stanzas(codename: string, suite: string): Promise<string[]> {
  return (await readSources(apt)).flatMap((source) => source.of(codename, suite)).map(String);
}

describe("the system's package sources", () => {
  it("are read in both formats, with their keys, and without those of third parties or switched off", async () => {
    expect(await stanzas("bookworm", "bookworm")).toEqual([
      "types: deb\nuris: http://mirror.example/debian\nsuites: bookworm\ncomponents: main contrib\n" +
        "signed-by: /keys/one.gpg\n",
      "types: deb\nuris: http://mirror.example/debian\nsuites: bookworm bookworm-security\ncomponents: main\n" +
        "signed-by: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n",
    ]);
  });

  it("serve another release from the same mirrors", async () => {
    const [line, stanza] = await stanzas("bookworm", "trixie");
    expect(line).toContain("suites: trixie\n");
    expect(stanza).toContain("suites: trixie trixie-security\n");
  });

  it("are none for a release that they do not hold", async () => {
    expect(await stanzas("noble", "noble")).toEqual([]);
  });
});
