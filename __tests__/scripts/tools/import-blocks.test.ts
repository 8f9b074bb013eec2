import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeImports, writeImports } from "../../../scripts/tools/import-blocks";
import { temporaryFolder } from "../../support/temporary-folder";

test("import blocks stand in a file of their own, in Terraform's JSON, and go again", () => {
  const folder = temporaryFolder("imports");
  writeFileSync(join(folder, "cdk.tf.json"), "{}");
  writeImports(folder, [{ to: 'aws_api_gateway_api_key.access_key["alice"]', id: "k" }]);
  const [name = ""] = readdirSync(folder).filter((file) => file !== "cdk.tf.json");
  expect(name).toMatch(/\.tf\.json$/);
  expect(JSON.parse(readFileSync(join(folder, name), "utf8"))).toEqual({
    import: [{ to: 'aws_api_gateway_api_key.access_key["alice"]', id: "k" }],
  });
  removeImports(folder);
  removeImports(folder);
  expect(readdirSync(folder)).toEqual(["cdk.tf.json"]);
});

test("no imports are no file: those of before go", () => {
  const folder = temporaryFolder("imports");
  writeImports(folder, [{ to: "aws_iam_role.r", id: "r" }]);
  writeImports(folder, []);
  expect(readdirSync(folder)).toEqual([]);
});
