import { statSync } from "node:fs";
import { join } from "node:path";
import { writeFolder, writePrivately, writeReport, writeWhole } from "../../../scripts/tools/files";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("files");
const path = (name: string) => join(folder, name);
const mode = (name: string) => (statSync(path(name)).mode & 0o777).toString(8);

test("what holds values is its owner's alone, while a report and its folder follow the user's umask", () => {
  const before = process.umask(0o027);
  try {
    writePrivately();
    // Each command of a process asks for it.
    writePrivately();
    writeReport(path("reports/review.md"), "x");
    writeFolder(path("release"), { "notes.md": Buffer.from("x") });
    writeWhole(path("values/kept.json"), "{}");
  } finally {
    process.umask(before);
  }
  expect(
    Object.fromEntries(
      ["reports", "reports/review.md", "release", "release/notes.md", "values", "values/kept.json"].map((name) => [
        name,
        mode(name),
      ]),
    ),
  ).toEqual({
    reports: "750",
    "reports/review.md": "640",
    release: "750",
    "release/notes.md": "640",
    values: "700",
    "values/kept.json": "600",
  });
});
