import { readFileSync } from "node:fs";
import { join } from "node:path";
import { between, generatedFiles } from "../../../scripts/commands/docs";
import { PROJECT } from "../../support/stack-json";

test.each(Object.entries(generatedFiles(PROJECT)))("%s is what npx quickturn docs writes", (name, text) => {
  expect(readFileSync(join(PROJECT, name), "utf8")).toBe(text);
});

test("what stands between the markers is replaced, and nothing else", () => {
  expect(between("a\n<!-- t -->\nold\n<!-- /t -->\nb", "t", "new", "docs/a.md")).toBe(
    "a\n<!-- t -->\nnew\n<!-- /t -->\nb",
  );
});

test("a document without the markers is left alone, with an error that names them", () => {
  expect(() => between("a", "t", "new", "docs/a.md")).toThrow(
    "docs/a.md has no <!-- t --> ... <!-- /t -->; put these two lines where the table belongs",
  );
});
