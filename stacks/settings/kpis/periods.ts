import type { KpiAlarm } from "./kpi";

type Periods = Pick<KpiAlarm, "periodSeconds" | "evaluationPeriods" | "datapointsToAlarm" | "missing">;

/** Ten minutes of it, as the reports had their alarms: one slow request is no incident. No traffic is no failure. */
export const twoOfTwo = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  missing: "notBreaching",
});

/** Two of three periods: a good one in between does not hide the bad ones. */
export const twoOfThree = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  missing: "notBreaching",
});

/** At once: it should never happen. */
export const once = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: "notBreaching",
});

/** Something that must happen did not: no data is the bad news itself. */
export const silence = (periodSeconds: number): Periods => ({
  periodSeconds,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: "breaching",
});
