import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inAskedRegion } from "../../../scripts/deploy/asked-region";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("region");
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test("the shell's region counts where nobody gives one, and AWS_REGION before AWS_DEFAULT_REGION", () => {
  expect(
    inAskedRegion({ vars: ["x=1"] }, undefined, { AWS_REGION: "eu-central-1", AWS_DEFAULT_REGION: "us-west-2" }),
  ).toEqual({ vars: ["aws_region=eu-central-1", "x=1"] });
  expect(inAskedRegion({}, "us-west-2", { AWS_DEFAULT_REGION: "us-west-2" })).toEqual({
    vars: ["aws_region=us-west-2"],
  });
  expect(inAskedRegion({ vars: ["x=1"] }, "us-west-2", {})).toEqual({ vars: ["x=1"] });
});

test.each([
  ["--var", { vars: ["aws_region=us-west-2"] }],
  ["the last of two", { vars: ["aws_region=mars", "aws_region=us-west-2"] }],
  ["a tfvars file", { varFiles: [file("a.tfvars", 'environment = "prod"\n  aws_region="us-west-2"\n')] }],
  ["a JSON file", { varFiles: [file("a.tfvars.json", '{"aws_region":"us-west-2"}')] }],
  ["--var over a file", { varFiles: [file("b.tfvars", 'aws_region = "mars"')], vars: ["aws_region=us-west-2"] }],
])("%s counts more than the shell", (_, input) =>
  expect(inAskedRegion(input, "us-west-2", { AWS_REGION: "eu-central-1" })).toBe(input),
);

test("a variable for terraform counts more than the shell's region, and less than what is given", () => {
  const environment = { TF_VAR_aws_region: "us-west-2", AWS_REGION: "eu-central-1" };
  expect(inAskedRegion({}, "us-west-2", environment)).toEqual({});
  expect(() => inAskedRegion({ vars: ["aws_region=mars"] }, "us-west-2", environment)).toThrow(
    "--var aws_region says mars",
  );
});

test.each([
  ["AWS_REGION", {}, { AWS_REGION: "eu-central-1" }],
  ["--var aws_region", { vars: ["aws_region=eu-central-1"] }, { AWS_REGION: "us-east-1" }],
])("another region than the state's is refused, whoever names it: %s", (by, input, environment) =>
  expect(() => inAskedRegion(input, "us-east-1", environment)).toThrow(
    `${by} says eu-central-1, and what this state holds is in us-east-1: an apply would make everything a second time`,
  ),
);

test("a file that cannot be read, or names none, is terraform's matter", () => {
  const input = { varFiles: [join(folder, "missing.tfvars"), file("broken.json", "{"), file("c.tfvars", "x = 1")] };
  expect(inAskedRegion(input, undefined, {})).toBe(input);
});
