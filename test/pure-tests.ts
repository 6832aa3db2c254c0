/** The tests of what needs neither Redis nor another process, by the part of the source that they are about. */
export const pureTests: Readonly<Record<"runtime" | "contract" | "codegen", readonly string[]>> = {
  runtime: [
    "test/runtime/broker/*.test.ts",
    "test/runtime/config/*.test.ts",
    "test/runtime/consume/backlog.test.ts",
    "test/runtime/handle/{failure,retry-policy,router}.test.ts",
    "test/runtime/redis/{entry-decoder,handled-types,keys,reply}.test.ts",
    "test/runtime/time/{clock,deadline,pause}.test.ts",
  ],
  contract: ["test/runtime/contract/*.test.ts", "test/runtime/encryption/{hostile,messages,receipt,upcast}.test.ts"],
  codegen: [
    // Without those that run the compiler of TypeScript.
    "test/codegen/cases.test.ts",
    "test/codegen/check/{check,folder,name,required,tolerated}.test.ts",
    "test/codegen/model/{answer,casing,component,flatten,form,implies,merge,model,names,reference}.test.ts",
    "test/codegen/{official,schema,typescript}/*.test.ts",
  ],
};

/** One starts Redis, one is about the state of a fresh process, and two take many seconds or count the steps of the code. */
export const impureTests: readonly string[] = [
  "test/runtime/contract/{linear,long-text,round-trip,string-prototype}.test.ts",
];
