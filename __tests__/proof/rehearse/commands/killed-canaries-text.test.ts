import { stripVTControlCharacters as plain } from "node:util";
import { describeKilledCanaries } from "../killed-canaries";
import type { KilledCanary } from "../../kills/kill-points";

const kill: KilledCanary = {
  atMs: 12_340,
  during: "share",
  point: { phase: "share", fraction: 0.4, how: "resume", withoutFile: false },
  recovered: true,
  how: "resumed",
  seconds: 21.04,
  problems: [],
};

test("each kill is a line with its time, what it met, and how it was recovered; what does not hold stands below it", () => {
  const text = plain(
    describeKilledCanaries({
      kills: [
        kill,
        {
          ...kill,
          during: "watch all",
          point: { ...kill.point, how: "abort", withoutFile: true },
          recovered: false,
          how: "taken back",
          problems: ["the alias still has weights: version 2 0.5"],
        },
        { ...kill, during: "end", recovered: null, how: "too late", seconds: 0 },
      ],
      requests: 90,
      failures: 0,
      problems: [],
    }),
  );
  expect(text.split("\n")).toEqual([
    "Canaries killed 2 times, and 1 that had ended before their kill:",
    "  ok    12.3 s  share        resumed, 21.0 s",
    "  MISS  12.3 s  watch all    taken back, without the live file, 21.0 s",
    "       the alias still has weights: version 2 0.5",
    "  late  12.3 s  end          too late",
    "  ok   requests of callers meanwhile: 90, failed: 0",
  ]);
});

test("no request of a caller shows nothing, and is no success", () => {
  const text = plain(
    describeKilledCanaries({
      kills: [kill],
      requests: 0,
      failures: 0,
      problems: ["no caller asked, so that nothing was shown of callers"],
    }),
  );
  expect(text).toContain("MISS requests of callers meanwhile: 0");
  expect(text).toContain("MISS no caller asked");
});
