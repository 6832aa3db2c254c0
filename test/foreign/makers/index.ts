import type { Maker } from "../maker.js";
import { cucumber } from "./cucumber.js";
import { jsonResume } from "./json-resume.js";
import { octokit } from "./octokit.js";
import { webFeatures } from "./web-features.js";

/** All makers, each read when it is asked for. */
export const makers: readonly (() => Maker)[] = [octokit, cucumber, jsonResume, webFeatures];

export { cucumber, jsonResume, webFeatures };
