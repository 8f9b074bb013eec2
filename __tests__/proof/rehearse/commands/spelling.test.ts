import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leaveSpellingAlone } from "../rehearse";
import { temporaryFolder } from "../../../support/temporary-folder";

test("the emulator's spelling of queues and mappings is left alone, and nothing else", () => {
  const directory = temporaryFolder("spelling");
  writeFileSync(
    join(directory, "cdk.tf.json"),
    JSON.stringify({ resource: { aws_sqs_queue: { work: {}, failed: {} }, aws_lambda_function: { worker: {} } } }),
  );
  leaveSpellingAlone(directory);
  const left = { lifecycle: { ignore_changes: ["redrive_policy", "policy"] } };
  expect(JSON.parse(readFileSync(join(directory, "spelt_otherwise_override.tf.json"), "utf8"))).toEqual({
    resource: { aws_lambda_event_source_mapping: {}, aws_sqs_queue: { work: left, failed: left } },
  });
});
