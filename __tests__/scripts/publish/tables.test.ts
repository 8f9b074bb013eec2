import { alarmsTable, outputsTable, settingsTable } from "../../../scripts/publish/tables";
import { ALARM_NAMES, SETTINGS } from "../../../stacks/contract/settings";
import { liveAliasPart } from "../../../stacks/contract/parts";

test("the table of settings has a row for each setting, with its value in each profile", () => {
  const lines = settingsTable().split("\n");
  expect(lines).toHaveLength(SETTINGS.length + 2);
  expect(lines.find((line) => line.startsWith("| `memory_size`"))).toContain(
    "| number, MiB | `1024` | `3072` | `3072` | 128 to 10240 | new version |",
  );
});

test("every row of the tables has as many cells as its head", () => {
  for (const table of [settingsTable(), outputsTable(), alarmsTable().split("\n\n")[0] ?? ""]) {
    const cells = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(cells).size).toBe(1);
  }
});

test("the table of alarms has a row for each alarm that calls a person, with threshold and price", () => {
  const [table = "", prices = ""] = alarmsTable().split("\n\n");
  const lines = table.split("\n");
  expect(lines.slice(2).map((line) => /^\| `([\w-]+)`/.exec(line)?.[1])).toEqual(ALARM_NAMES);
  expect(lines.find((line) => line.startsWith("| `worker-duration`"))).toBe(
    "| `worker-duration` | critical | essential | Worker duration, mean: more than 600,000 ms in 2 of 2 periods " +
      "of 5 minutes | `alarm_duration_threshold` | 0.10 | Worker duration |",
  );
  // Two windows of one metric, and the alarm over them.
  expect(lines.find((line) => line.startsWith("| `error-budget-fast`"))).toContain(
    "| Failed requests: more than 14.4 times 1 % over 1 hour, and over 5 minutes | `kpi_error_rate` | 0.70 | Error budget |",
  );
  expect(prices).toMatch(/^The set `essential` costs \$4\.\d\d a month, `full` \$\d\.\d\d, where every feature is on/);
});

test("settings that follow no profile have one column of values, which says what is required", () => {
  const shown = settingsTable(liveAliasPart.settings).split("\n");
  expect(shown[0]).toBe("| setting | type | default | allowed | a change | what it is |");
  expect(shown.find((line) => line.startsWith("| `newest_version`"))).toContain(
    "| string | required | a published version's number",
  );
  expect(shown).toHaveLength(liveAliasPart.settings.length + 2);
});

test("the table of a part's outputs has the part's own descriptions", () => {
  expect(outputsTable({ url: "Where it is." })).toBe(
    "| output | what it is |\n| --- | --- |\n| `url` | Where it is. |",
  );
});
