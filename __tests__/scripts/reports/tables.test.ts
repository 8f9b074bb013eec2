import { outputsTable, settingsTable } from "../../../scripts/reports/tables";
import { SETTINGS } from "../../../stacks/settings";

test("the table of settings has a row for each, with its value in each profile", () => {
  const lines = settingsTable().split("\n");
  expect(lines).toHaveLength(SETTINGS.length + 2);
  expect(lines.find((line) => line.startsWith("| `memory_size`"))).toContain("| number, MiB | `1024` | `3072` | `3072` | 128 to 10240 | new version |");
});

test("every row of the tables has as many cells as its head", () => {
  for (const table of [settingsTable(), outputsTable()]) {
    const cells = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(cells).size).toBe(1);
  }
});
