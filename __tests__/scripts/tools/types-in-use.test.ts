import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { typesInUse } from "../../../scripts/tools/types-in-use";
import { temporaryFolder } from "../../support/temporary-folder";

test("names of types come from configurations, tests and states, wherever they lie below the folders", () => {
  const folder = temporaryFolder("types");
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write("a/main.tf", 'resource "aws_sqs_queue" "q" {}\ndata "aws_region" "r" {}');
  write("a/modules/b/cdk.tf.json", '{"resource":{"aws_lambda_function":{}}}');
  write("a/tests/c.tftest.hcl", 'mock_resource "aws_iam_role" {}');
  write("d/terraform.tfstate", '{"resources":[{"type":"aws_s3_bucket"}]}');
  write("a/notes.md", "aws_vpc");
  write("a/.terraform/modules/e/main.tf", 'resource "aws_subnet" "s" {}');
  expect([...typesInUse([join(folder, "a"), join(folder, "d"), join(folder, "none")])].sort()).toEqual([
    "aws_iam_role",
    "aws_lambda_function",
    "aws_region",
    "aws_s3_bucket",
    "aws_sqs_queue",
  ]);
});
