import { PrismaPg } from "@prisma/adapter-pg";
import { getPrismaClient } from "@prisma/client/runtime/client";

/** What these tests use of a client, as Prisma's generator types it. */
export interface PrismaClient extends PrismaTransaction {
  $transaction<Result>(
    work: (tx: PrismaTransaction) => Promise<Result>,
    options?: { maxWait?: number; timeout?: number },
  ): Promise<Result>;
  $disconnect(): Promise<void>;
}

interface PrismaTransaction {
  $queryRawUnsafe<Rows = unknown>(query: string, ...values: unknown[]): Promise<Rows>;
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>;
}

/** Node has it, and its types have not. */
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: { Module: new (code: Uint8Array) => object } };

const COMPILER = "@prisma/client/runtime/query_compiler_fast_bg.postgresql";

/** The client that `prisma generate` writes for a schema without models: the generator wants programs of its maker. */
export function prismaClient(url: string): PrismaClient {
  const Client = getPrismaClient({
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    previewFeatures: [],
    clientVersion: "7.10.0",
    engineVersion: "0edf323efd1d98336f3f0a68684b56f689b900d3",
    activeProvider: "postgresql",
    inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
    parameterizationSchema: { strings: [], graph: "AAAA" },
    compilerWasm: {
      getRuntime: () => import(`${COMPILER}.mjs`),
      getQueryCompilerWasmModule: async () => {
        const { wasm } = await import(`${COMPILER}.wasm-base64.mjs`);
        return new WebAssembly.Module(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  });
  return new Client({ adapter: new PrismaPg({ connectionString: url }) }) as unknown as PrismaClient;
}
