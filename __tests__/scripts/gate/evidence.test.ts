import { type Series, EvidenceError, ReadSeries } from "../../../scripts/gate/evidence";
import { series, WINDOW } from "../../support/gate-evidence";

const READ = { reference: { source: "worker", metric: "Errors" }, statistic: "Sum" } as const;
const of = (given?: Series) =>
  new ReadSeries({ window: WINDOW, version: null, series: given ? { worker_Errors_Sum: given } : {} });

test("parts are added up, or the largest is taken; without data the result is null, not 0", () => {
  expect([of(series(2, 3)).sum(READ), of(series(2, 3)).maximum(READ), of(series(4)).only(READ)]).toEqual([5, 3, 4]);
  expect([of(series()).sum(READ), of(series()).maximum(READ), of(series()).only(READ)]).toEqual([null, null, null]);
});

test("a series that cannot be used is an error that names it", () => {
  expect(() => of(series(1, 2)).only(READ)).toThrow(
    new EvidenceError(
      "worker_Errors_Sum came in 2 parts, and Sum of parts cannot be put together; allowed: one value for the whole window",
    ),
  );
  expect(() => of().sum(READ)).toThrow(new EvidenceError("worker_Errors_Sum is not in the evidence"));
  expect(() => of(series(NaN)).sum(READ)).toThrow(new EvidenceError("worker_Errors_Sum is NaN; allowed: a number"));
});
