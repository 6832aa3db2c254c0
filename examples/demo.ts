import { tellClusterStory } from "./demo/cluster-story.js";
import { Screen } from "./demo/screen.js";
import { tellStory } from "./demo/story.js";

const screen = new Screen();
try {
  await (process.argv.includes("--cluster") ? tellClusterStory : tellStory)(screen);
} catch (error) {
  screen.failure(error);
  process.exitCode = 1;
}
