import { measure } from "./load.mjs";

await measure([]);
