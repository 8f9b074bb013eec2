import type { Kpi } from "./kpi";
import { twoOfThree } from "./periods";

const TOKENS_ARE_TAKEN = { of: "authorization", is: "jwt" } as const;

/** How the function fares that checks bearer tokens. It is there only where they are taken, and so are its alarms. */
export const authorizerKpis: readonly Kpi[] = [
  {
    name: "authorizer_errors",
    title: "Tokens refused or not checked",
    unit: "count",
    better: "lower",
    // A refusal is an error of the function's too: that is how API Gateway is told to answer 401. What could not be
    // checked is a 5XX besides.
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Errors" }] },
    alarms: [
      {
        name: "authorizer-errors",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_errors_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning: "Many tokens are refused, or cannot be checked because the issuer does not answer.",
    runbook: "A caller gets 401",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
  {
    name: "authorizer_throttles",
    title: "Throttled checks of tokens",
    unit: "count",
    better: "lower",
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Throttles" }] },
    alarms: [
      {
        name: "authorizer-throttles",
        severity: "critical",
        thresholdSetting: "alarm_authorizer_throttles_threshold",
        set: "essential",
        ...twoOfThree(),
      },
    ],
    meaning: "Lambda turns checks of tokens away: callers with good tokens get 503.",
    runbook: "Concurrency",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
  {
    name: "authorizer_duration",
    title: "Check of a token P95",
    unit: "ms",
    better: "lower",
    measure: { kind: "percentile", metric: { source: "authorizer", metric: "Duration" }, percentile: 95 },
    minimumSamples: 20,
    alarms: [
      {
        name: "authorizer-duration",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_duration_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning:
      "Checks of tokens take long, most likely because the issuer's keys do; at 10 s they are given up and callers get 503.",
    runbook: "A caller gets 401",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
];
