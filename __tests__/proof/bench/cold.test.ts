import { benchCold } from "../../../bench/cold";
import type { ColdRow } from "../../../bench/cold-figures";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";

const context = (signal = new AbortController().signal) => ({
  projectDirectory: PROJECT,
  environment: { PATH: process.env["PATH"] },
  progress: SILENT,
  signal,
});

test("a run starts each variant of a call over HTTP and TLS", async () => {
  const { text, json, figures } = await benchCold(context(), { runs: 1, calls: ["status"] });
  const { rows } = json as { rows: ColdRow[] };
  expect(rows.map(({ protocol, variant }) => `${protocol} ${variant}`)).toEqual(
    ["HTTP", "TLS"].flatMap((protocol) =>
      ["bare", "by hand", "unbundled", "default", "ours"].map((variant) => `${protocol} ${variant}`),
    ),
  );
  expect(figures.filter(({ mustReach }) => mustReach === "<= 1.7x")).toHaveLength(2);
  expect(text).toContain("status, TLS");
});

test("an interrupt ends it, and a call that there is not is told", async () => {
  await expect(benchCold(context(AbortSignal.abort(new Error("interrupted"))), { runs: 1 })).rejects.toThrow(
    "interrupted",
  );
  await expect(benchCold(context(), { calls: ["other"] })).rejects.toThrow(
    "There is no cold call other. Allowed: invoke, status, worker, sweeper, authorizer.",
  );
});
