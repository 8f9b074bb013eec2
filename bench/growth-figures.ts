import type { BenchChart, BenchFigure } from "./results";

/** Above this it is not linear any more; the tenth is for what a machine does beside. */
export const MAX_EXPONENT = 1.1;

/** The plan of so many deployments in one root. */
export interface DeploymentsSize {
  readonly deployments: number;
  /** Of `terraform plan`, in milliseconds. */
  readonly ms: number;
  /** The most memory that terraform had, in MiB; undefined where the system does not tell. */
  readonly peakMiB: number | undefined;
  /** That the plan would make. */
  readonly resources: number;
}

/** What one operation asked of the table. */
export interface TableUse {
  /** Calls of DynamoDB. */
  readonly calls: number;
  /** Items that DynamoDB read or wrote for it. */
  readonly items: number;
  /** Median, in milliseconds. */
  readonly ms: number;
}

/**
 * Operations that are measured: a poll's read, a worker's claim, and the sweeper's search for requests that are due.
 */
export const OPERATIONS = { status: "status read", claim: "claim", search: "sweeper's search" } as const;
export type Operation = keyof typeof OPERATIONS;

/** What the operations asked of a table of so many requests. */
export type RequestsSize = { readonly requests: number } & { readonly [Name in Operation]: TableUse };

/**
 * Everything that `bench growth` measures, sizes ascending. `requests` is undefined where the database is not
 * installed.
 */
export interface Growth {
  readonly deployments: readonly DeploymentsSize[];
  readonly requests: readonly RequestsSize[] | undefined;
}

/**
 * The power by which values grow with sizes: the slope of the straight line through their logarithms (least squares).
 * 1: linear; 0: not at all.
 * @throws Error where there are fewer than two sizes, or a size or value is not above 0
 */
export function growthExponent(points: readonly (readonly [size: number, value: number])[]): number {
  if (points.length < 2 || points.some(([size, value]) => !(size > 0 && value > 0)))
    throw new Error(
      `Growth over ${JSON.stringify(points)} is unknown; expected two sizes or more, each with a value above 0`,
    );
  const logs = points.map(([size, value]) => [Math.log(size), Math.log(value)] as const);
  const mean = (index: 0 | 1) => logs.reduce((sum, log) => sum + log[index], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** A row for the time and the memory of deployments, and for each operation; lines of all. */
export function growthFigures({ deployments, requests }: Growth): {
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
} {
  const sizes = deployments.map((each) => String(each.deployments));
  const line = (
    title: string,
    unit: string,
    categories: readonly string[],
    series: BenchChart["series"],
  ): BenchChart => ({ title, unit, kind: "lines", categories, series, logarithmic: true });
  const peaks = deployments.map(({ peakMiB }) => peakMiB ?? null);
  const operations = Object.entries(OPERATIONS) as [Operation, string][];
  return {
    figures: [
      deploymentsFigure(
        "plan time",
        deployments.map(({ deployments: size, ms }) => [size, ms / 1_000]),
        "s",
      ),
      memoryFigure(deployments),
      ...operations.map(([name, title]) => operationFigure(name, title, requests)),
    ],
    charts: [
      line("Plan of deployments in one root", "s", sizes, [
        { name: "terraform plan", values: deployments.map(({ ms }) => ms / 1_000) },
      ]),
      line("Memory of the plan", "MiB", sizes, [{ name: "terraform", values: peaks }]),
      ...(requests === undefined
        ? []
        : [
            line(
              "Requests in the table",
              "ms",
              requests.map((each) => String(each.requests)),
              operations.map(([name, title]) => ({ name: title, values: requests.map((each) => each[name].ms) })),
            ),
          ]),
    ],
  };
}

type Point = readonly [size: number, value: number];

/**
 * The power between two neighbouring sizes where it is largest: what a start costs must not hide how the rest grows.
 */
function steepest(points: readonly Point[]): number {
  return Math.max(...points.slice(1).map((point, index) => growthExponent([points[index]!, point])));
}

function deploymentsFigure(what: string, points: readonly Point[], unit: string): BenchFigure {
  const exponent = steepest(points);
  const [size = 1, value = 0] = points.at(-1) ?? [];
  return {
    compares: `${what}, ${points.map(([size]) => size).join(", ")} deployments in one root`,
    measured: `${points.map(([, value]) => value.toFixed(value < 100 ? 1 : 0)).join(", ")} ${unit} (power up to ${exponent.toFixed(2)}; ${(value / size).toFixed(1)} ${unit} a deployment)`,
    mustReach: `power <= ${MAX_EXPONENT}`,
    limit: "power 1: linear",
    holds: exponent <= MAX_EXPONENT,
  };
}

function memoryFigure(deployments: readonly DeploymentsSize[]): BenchFigure {
  const points = deployments.flatMap(({ deployments: size, peakMiB }): Point[] =>
    peakMiB === undefined ? [] : [[size, peakMiB]],
  );
  if (points.length === deployments.length) return deploymentsFigure("plan's memory", points, "MiB");
  return {
    compares: "plan's memory",
    measured: "not measured",
    mustReach: `power <= ${MAX_EXPONENT}`,
    cause: "this system does not tell a process's peak of memory",
  };
}

function operationFigure(name: Operation, title: string, requests: Growth["requests"]): BenchFigure {
  const row = {
    compares: `${title}, requests in the table`,
    mustReach: "as many calls and items at each size",
    limit: "power 0: constant",
  };
  if (requests === undefined)
    return { ...row, measured: "not measured", cause: "dynalite is not installed: npm ci in a clone of the project" };
  const uses = requests.map((each) => each[name]);
  const same = (of: (use: TableUse) => number) => uses.every((use) => of(use) === of(uses[0]!));
  const exponent = growthExponent(requests.map((each) => [each.requests, each[name].ms]));
  const last = uses.at(-1)!;
  return {
    ...row,
    compares: `${title}, ${requests.map((each) => each.requests.toLocaleString("en-US")).join(" / ")} requests in the table`,
    measured: `${last.calls} calls, ${last.items} items; ${uses.map(({ ms }) => ms.toFixed(1)).join(" / ")} ms (power ${exponent.toFixed(2)})`,
    holds: same(({ calls }) => calls) && same(({ items }) => items),
  };
}

/** For a terminal. */
export function growthText({ deployments }: Growth, figures: readonly BenchFigure[]): string {
  const resources = deployments.map((each) => `${each.resources}`).join(", ");
  return [
    `Growth: plans that make ${resources} resources, once each; and what the functions' code asks of a table as it fills, medians`,
    ...figures.map(
      ({ compares, measured, mustReach, holds, cause }) =>
        `  ${(holds === undefined ? "" : holds ? "ok" : "MISS").padEnd(4)} ${compares.padEnd(64)} ${measured}   ${cause ?? mustReach ?? ""}`,
    ),
  ].join("\n");
}
