import fc from "fast-check";
import { gateWindow, SLACK_SECONDS, type NoWindow } from "../../../scripts/gate/gate";

describe("window", () => {
  const NOW = Date.parse("2026-11-21T15:00:30Z");
  const iso = ({ startMs, endMs, periodSeconds }: ReturnType<typeof gateWindow>) => [
    new Date(startMs).toISOString(),
    new Date(endMs).toISOString(),
    periodSeconds,
  ];
  const wish = (more: Partial<Parameters<typeof gateWindow>[0]> = {}) => ({
    nowMs: NOW,
    timeoutSeconds: 600,
    lengthSeconds: 1_800,
    ...more,
  });

  test("a window ends a time-out and two minutes before now, on a whole minute", () =>
    expect(iso(gateWindow(wish()))).toEqual(["2026-11-21T14:18:00.000Z", "2026-11-21T14:48:00.000Z", 60]));

  test("a window has nothing from before the deployment, not even a part of a minute", () => {
    expect(iso(gateWindow(wish({ sinceMs: Date.parse("2026-11-21T14:30:01Z") })))).toEqual([
      "2026-11-21T14:31:00.000Z",
      "2026-11-21T14:48:00.000Z",
      60,
    ]);
    expect(iso(gateWindow(wish({ sinceMs: Date.parse("2026-11-21T09:00:00Z") })))[0]).toBe("2026-11-21T14:18:00.000Z");
  });

  test("a given end is used, and long ago the grid is the finest that CloudWatch still has", () => {
    expect(iso(gateWindow(wish({ endMs: Date.parse("2026-11-21T12:34:56Z") })))).toEqual([
      "2026-11-21T12:04:00.000Z",
      "2026-11-21T12:34:00.000Z",
      60,
    ]);
    expect(iso(gateWindow(wish({ endMs: Date.parse("2026-11-01T12:34:56Z") })))).toEqual([
      "2026-11-01T12:00:00.000Z",
      "2026-11-01T12:30:00.000Z",
      300,
    ]);
    expect(iso(gateWindow(wish({ endMs: Date.parse("2026-09-01T12:34:56Z"), lengthSeconds: 7_200 })))).toEqual([
      "2026-09-01T10:00:00.000Z",
      "2026-09-01T12:00:00.000Z",
      3_600,
    ]);
  });

  test("an empty window is an error that says when there will be one", () => {
    const since = Date.parse("2026-11-21T14:47:10Z");
    expect(() => gateWindow(wish({ sinceMs: since }))).toThrow(
      /^Of the window from 2026-11-21T14:48:00Z to 2026-11-21T14:48:00Z nothing is left: .* Ask again from 2026-11-21T15:01:00Z on, or give --wait\.$/,
    );
    let readyAtMs = 0;
    try {
      gateWindow(wish({ sinceMs: since }));
    } catch (error) {
      readyAtMs = (error as NoWindow).readyAtMs;
    }
    expect(iso(gateWindow(wish({ sinceMs: since, nowMs: readyAtMs })))).toEqual([
      "2026-11-21T14:48:00.000Z",
      "2026-11-21T14:49:00.000Z",
      60,
    ]);
  });

  test("an end in the future and a window of more than a day are refused", () => {
    expect(() => gateWindow(wish({ endMs: NOW + 1 }))).toThrow(
      "The window's end is 2026-11-21T15:00:30.001Z, and it is 2026-11-21T15:00:30Z now; allowed: a time that is past.",
    );
    expect(() => gateWindow(wish({ lengthSeconds: 86_460 }))).toThrow(
      "The window is 86460 s long; allowed: 60 to 86400 s, because one period covers it.",
    );
  });

  test("a window lies on its grid, exceeds the wished length by less than a step, and leaves every run time to end", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e9 }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 300, max: 80_000 }),
        (second, timeoutSeconds, lengthSeconds) => {
          const nowMs = second * 1_000 + 1e12;
          const { startMs, endMs, periodSeconds } = gateWindow({ nowMs, timeoutSeconds, lengthSeconds });
          const step = periodSeconds * 1_000;
          return (
            startMs % step === 0 &&
            endMs % step === 0 &&
            endMs <= nowMs - (timeoutSeconds + SLACK_SECONDS) * 1_000 &&
            (endMs - startMs) / 1_000 < lengthSeconds + periodSeconds
          );
        },
      ),
    );
  });
});
