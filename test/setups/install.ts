// `npm run setups:install`: installs what runtimes.test.ts needs, for `.ci/run`.

import { install, triedAlways } from "./installation.js";

await install(triedAlways);
