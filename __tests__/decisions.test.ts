import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monthlyBill } from "../scripts/judges/cost/bill";
import { gb } from "../scripts/judges/cost/compute";
import { openReadUnits } from "../scripts/judges/cost/database";
import { DEFAULT_USAGE, KB_A_GB } from "../scripts/judges/cost/usage";
import { HOME_REGION, PriceBook } from "../scripts/judges/prices";
import { deployed } from "./scripts/judges/cost/fixtures";
import { PROJECT } from "./support/stack-json";

/** Decisions rest on prices and defaults: where these change, the figures do, and a person looks whether the decision still holds. */
const text = readFileSync(join(PROJECT, "DECISIONS.md"), "utf8");
const MILLION = 1_000_000;

describe("status without a function", () => {
  const section = text.slice(text.indexOf("## Status without a function"));
  const usage = DEFAULT_USAGE;
  const book = new PriceBook(HOME_REGION);
  const deployment = deployed("optimized");
  const seconds = (usage.front_door_ms + usage.front_door_cold_start_share * usage.front_door_init_ms) / 1_000;
  const both = {
    "REST API call": book.cost("apiCall", MILLION),
    "access log": book.cost("logIn", (MILLION * usage.access_log_kb) / KB_A_GB),
    "DynamoDB read": book.cost("dynamoRead", MILLION * openReadUnits(usage)),
  };
  const functionAlone = {
    "Lambda request": book.cost("lambdaRequest", MILLION),
    "Lambda duration, INIT in it": book.cost("lambdaGbSecond_arm64", MILLION * seconds * gb(deployment.frontDoorMemoryMiB)),
    "the function's log": book.cost("logIn", (MILLION * usage.front_door_log_kb) / KB_A_GB),
  };
  const sum = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((total, usd) => total + usd, 0);
  const rows = [
    ...Object.entries(both).map(([what, usd]) => [what, usd.toFixed(3), usd.toFixed(3)]),
    ...Object.entries(functionAlone).map(([what, usd]) => [what, usd.toFixed(3), "-"]),
    ["sum", (sum(both) + sum(functionAlone)).toFixed(3), sum(both).toFixed(3)],
  ];

  test("a million polls cost what the table says", () => expect(section).toContain(rows.map((row) => `| ${row.join(" | ")} |`).join("\n")));

  test("what it saves is what the text says, of a million polls and of a month", () => {
    const saved = sum(functionAlone);
    const { totalUsd, traffic } = monthlyBill(deployment, usage, 100_000);
    expect(section).toContain(`It would save $${saved.toFixed(2)} of $${(sum(both) + saved).toFixed(2)} a million polls`);
    expect(section).toContain(`${traffic.polls / 100_000} polls a request become ${traffic.pollMisses / 100_000} that no cache answers`);
    expect(section).toContain(`$${((traffic.pollMisses / MILLION) * saved).toFixed(2)} a month, of a bill of $${Math.round(totalUsd).toLocaleString("en-US")} with the agents`);
  });
});
