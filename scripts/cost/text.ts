import pc from "picocolors";
import { count } from "../kit/figures";
import { PART_NAMES, PARTS, type Bill, type PartName } from "./bill";
import { type Difference, REPORTED } from "./comparison";
import type { CostReport } from "./cost";

/** MISSION.md's bound of a request, in dollars. */
const MAX_REQUEST_USD = 0.2;
const BAR = 24;

/** What was reckoned, for a person at a terminal. */
export function describeCost(report: CostReport): string {
  const volumes = report.bills[0]!.map((_, index) => describeVolume(report, index));
  const sections = [
    ...volumes,
    describeFixedCost(report),
    describeCache(report),
    describeReported(report),
    describeCaveats(report),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function describeVolume(report: CostReport, index: number): string {
  const bills = report.bills.map((of) => of[index]!);
  const [before, after] = bills as [Bill, Bill?];
  const difference = report.differences[index];
  const regions = new Set(report.deployments.map(({ region }) => region));
  const head = `${count(before.requests)} requests a month in ${[...regions].join(" and ")}`;
  const paid = PART_NAMES.filter((part) => bills.some((bill) => bill.parts[part] > 0));
  const rows =
    difference && after
      ? [
          describeHead(before, after),
          ...paid.map((part) => describeDifference(PARTS[part], difference.parts[part])),
          describeDifference("all but tokens", difference.infrastructure),
          describeDifference("a month", difference.total),
          describeRequest(bills),
        ]
      : [
          ...paid
            .sort((left, right) => before.parts[right] - before.parts[left])
            .map((part) => describePart(part, before)),
          `  ${"a month".padEnd(26)} ${usdColumn(before.totalUsd)}`,
          describeRequest(bills),
        ];
  return [pc.bold(head), ...rows, describeTraffic(bills)].join("\n");
}

function describePart(part: PartName, { parts, totalUsd }: Bill): string {
  const share = totalUsd === 0 ? 0 : parts[part] / totalUsd;
  return (
    `  ${PARTS[part].padEnd(26)} ${usdColumn(parts[part])} ${`${(share * 100).toFixed(1)} %`.padStart(8)}  ` +
    `${drawBar(share)}`
  );
}

function describeHead(before: Bill, after: Bill): string {
  return pc.dim(
    `  ${"".padEnd(26)} ${before.deployment.padStart(14)} ${after.deployment.padStart(14)} ` +
      `${"difference".padStart(14)}`,
  );
}

function describeDifference(
  name: string,
  { beforeUsd, afterUsd, differenceUsd, differencePercent }: Difference,
): string {
  const percent =
    differencePercent === null
      ? ""
      : differencePercent > 200
        ? `${(1 + differencePercent / 100).toFixed(1)} times`
        : `${differencePercent > 0 ? "+" : ""}${differencePercent.toFixed(1)} %`;
  return (
    `  ${name.padEnd(26)} ${usdColumn(beforeUsd)} ${usdColumn(afterUsd)} ${usdColumn(differenceUsd, true)} ` +
    `${percent.padStart(10)}`
  );
}

function describeRequest(bills: readonly Bill[]): string {
  const each = bills.map(({ perRequestUsd }) => (perRequestUsd === null ? "-".padStart(14) : usdColumn(perRequestUsd)));
  const verdict = bills.map(({ deployment, perRequestUsd }) =>
    perRequestUsd === null
      ? `${deployment}: no requests`
      : `${deployment}: ${perRequestUsd < MAX_REQUEST_USD ? pc.green("below") : pc.red("not below")} ` +
        `$${MAX_REQUEST_USD.toFixed(2)}`,
  );
  return `  ${"a request".padEnd(26)} ${each.join(" ")}   ${verdict.join(", ")}`;
}

function describeTraffic(bills: readonly Bill[]): string {
  return bills
    .map(({ deployment, traffic, requests }) => {
      const polls = requests === 0 ? 0 : traffic.polls / requests;
      const cut = traffic.timedOut ? pc.red("; the worker's time-out cuts runs short, and they fail") : "";
      return (
        pc.dim(
          `  ${deployment}: a run of ${traffic.workerSeconds.toFixed(1)} s, ${polls.toFixed(1)} polls a request, ` +
            `${(traffic.gatewayHitRate * 100).toFixed(1)} % of them from the API's cache, ` +
            `${count(Math.round(traffic.frontDoorCalls))} calls of the front door`,
        ) + cut
      );
    })
    .join("\n");
}

function describeFixedCost({ bills }: CostReport): string {
  const fixed = bills.map(([bill]) => `${bill!.deployment} ${formatUsd(bill!.fixedUsd)}`).join(", ");
  return `Paid without any request, a month: ${fixed}.`;
}

function describeCache({ cache, deployments, bills }: CostReport): string {
  const lines = deployments.flatMap(({ name }, index) => {
    const found = cache[index];
    if (!found) return [];
    const perRequest = bills[index]!.map(({ requests, traffic }) =>
      requests === 0 ? 0 : traffic.gatewayHits / requests,
    ).at(-1)!;
    const needed = perRequest > 0 ? `, ${count(Math.round(found.callsToPay / perRequest))} requests of this usage` : "";
    const answered = bills[index]!.map(
      ({ requests, traffic }) => `${count(Math.round(traffic.gatewayHits))} at ${count(requests)} requests`,
    ).join(", ");
    return [
      `  ${name}: ${formatUsd(found.clusterUsd)} a month; a poll less at the front door saves ` +
        `${formatUsd(found.savedACallUsd)}, so ${count(found.callsToPay)} of them pay for it${needed}. It ` +
        `answers ${answered}.`,
      `  If each saved a run of the agents, ${count(found.callsToPayIfModelWereCalled)} would. None does: a poll ` +
        "asks no model, so the cache saves no tokens.",
    ];
  });
  return lines.length === 0 ? "" : [pc.bold("The API's cache"), ...lines].join("\n");
}

function describeReported({ reported, differences, deployments }: CostReport): string {
  const runs = reported.runs.map(
    ({ what, usd, percentOfBefore, seconds, memoryMiB }) =>
      `  ${what.padEnd(40)} ${`${seconds} s x ${(memoryMiB / 1_024).toFixed(1)} GB`.padStart(15)} = ` +
      `${formatUsd(usd).padEnd(9)} ${percentOfBefore.toFixed(1).padStart(5)} % of ` +
      `$${REPORTED.beforeUsd.toFixed(2)}`,
  );
  const most = differences.at(-1);
  const ours = most
    ? [
        `  From ${deployments[0]!.name} to ${deployments[1]!.name} the model tokens differ by ` +
          `${formatUsd(most.parts.tokens.differenceUsd)} a month: agents in parallel ask for as many tokens as ` +
          "one after the other.",
      ]
    : [];
  return [
    pc.bold(
      `The reports that this project began with say $${REPORTED.beforeUsd.toFixed(2)} -> ` +
        `$${REPORTED.afterUsd.toFixed(2)} a request: what of it ` +
        "can be Lambda",
    ),
    ...runs,
    `  At least ${formatUsd(reported.notLambdaUsd)} of the first figure is no Lambda run. The reports' faster ` +
      `run saves ${formatUsd(reported.fasterRunSavesUsd)} of the ${formatUsd(reported.savingUsd)} saved; the ` +
      "rest is fewer or cheaper tokens, or was no saving of these optimizations.",
    `  Tokens of this usage: ${formatUsd(reported.tokensUsd)} a request.`,
    ...ours,
  ].join("\n");
}

function describeCaveats({ unknown, substitutes }: CostReport): string {
  return [
    ...unknown.map((line) => `${pc.yellow("not known yet")} ${line}`),
    ...substitutes.map((line) => `${pc.yellow("assumed")} ${line}`),
    pc.dim(
      "US dollars at list prices, dated in scripts/cost/prices.ts; without free tiers, taxes, discounts and support.",
    ),
    pc.dim(
      "The price of tokens is the usage file's; its default is an assumption of 2026-11-21. Left out: " +
        "AgentCore's own compute, KMS, NAT gateways.",
    ),
  ].join("\n");
}

const usdColumn = (usd: number, signed = false): string => formatUsd(usd, signed).padStart(14);

/** Writes dollars with digits that matter: cents from $1, three digits that are not 0 of what is below a cent. */
export function formatUsd(usd: number, signed = false): string {
  const size = Math.abs(usd);
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : Math.min(10, 2 - Math.floor(Math.log10(size)));
  const text = size.toFixed(digits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",");
  const sign = usd < 0 && Number(size.toFixed(digits)) !== 0 ? "-" : signed && usd > 0 ? "+" : "";
  return `${sign}$${text}`;
}

const drawBar = (share: number): string => "#".repeat(share > 0 ? Math.max(1, Math.round(share * BAR)) : 0);
