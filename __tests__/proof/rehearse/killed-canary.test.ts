import { rehearseKilledCanaries, type KilledCanaries } from "./killed-canaries";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";

/**
 * Kills the first when a fifth of the share's plan and apply is over, the second while the share is watched, and takes
 * its live file away.
 */
const SEED = 372;

/**
 * Real canaries with a terraform and a provider of their own, killed with kill -9 in the middle; callers ask the
 * functions that run meanwhile.
 */
test("canaries that are killed are gone on with, or taken back, by the next run; nothing is left twice, and no caller notices", async () => {
  const context = {
    projectDirectory: PROJECT,
    environment: process.env,
    progress: SILENT,
    signal: new AbortController().signal,
  };
  const { exitCode, json, text } = await rehearseKilledCanaries(context, { kills: 2, seed: SEED, factor: 60, rate: 2 });
  const { kills, requests, failures, problems } = json as KilledCanaries;
  expect({ exitCode, problems, ofKills: kills.flatMap((kill) => kill.problems), text }).toEqual({
    exitCode: 0,
    problems: [],
    ofKills: [],
    text: expect.stringMatching(/^.*Canaries killed 2 times:/) as unknown,
  });
  // Both in the middle: neither had ended before, nor was there nothing to do.
  expect(kills.map(({ how }) => how)).toEqual(["resumed", "taken back"]);
  expect(requests).toBeGreaterThan(0);
  expect(failures).toBe(0);
});
