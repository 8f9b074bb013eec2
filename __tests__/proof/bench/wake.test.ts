import { SILENT } from "../../../scripts/kit/context";
import { benchWake } from "../../../bench/wake";
import type { WakeSample } from "../../../bench/wake-rig";
import { PROJECT } from "../../support/stack-json";

const context = (signal = new AbortController().signal) => ({
  projectDirectory: PROJECT,
  environment: {},
  progress: SILENT,
  signal,
});

test("a run measures each variant after each incident, with one socket and with five", async () => {
  const { text, json } = await benchWake(context(), { runs: 1 });
  const { samples } = json as { samples: WakeSample[] };
  expect(samples).toHaveLength(5 * 3 * 2);
  expect(samples.filter(({ variant }) => variant === "ours").map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 6 }, () => "answered"),
  );
  expect(
    samples
      .filter(({ variant, incident }) => variant === "default" && incident !== "reset")
      .map(({ outcome }) => outcome),
  ).toEqual(Array.from({ length: 4 }, () => "cut"));
  expect(
    text
      .split("\n")
      .slice(1, 7)
      .map((line) => line.split(/ {2,}/).slice(0, 2).join(" ")),
  ).toEqual(["black hole 1", "black hole 5", "freeze 1", "freeze 5", "reset 1", "reset 5"]);
});

test("an interrupt ends it", async () => {
  await expect(benchWake(context(AbortSignal.abort(new Error("interrupted"))), { runs: 1 })).rejects.toThrow(
    "interrupted",
  );
});
