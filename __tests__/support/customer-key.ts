import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT, REGION } from "./aws-call";
import { PROJECT } from "./stack-json";

/** The configuration of a key that RUNBOOK.md gives to paste. */
export function runbooksKey(): string {
  const [, configuration = ""] =
    /## A key of your own\n.+?```hcl\n(.+?)```/s.exec(readFileSync(join(PROJECT, "RUNBOOK.md"), "utf8")) ?? [];
  return configuration;
}

/** Makes a key in an emulator, at once; terraform waits 40 s until one is everywhere. @returns its ARN */
export async function makeKey(endpoint: string): Promise<string> {
  const { KeyMetadata: key } = JSON.parse(
    await askKms(endpoint, "CreateKey", { KeySpec: "SYMMETRIC_DEFAULT", KeyUsage: "ENCRYPT_DECRYPT" }),
  ) as { KeyMetadata: { Arn: string } };
  return key.Arn;
}

/** Has an emulator's KMS do something to a key, such as `DisableKey`. */
export async function changeKey(endpoint: string, operation: string, key: string): Promise<void> {
  await askKms(endpoint, operation, { KeyId: key.replace(/^.*\//, "") });
}

async function askKms(endpoint: string, operation: string, fields: object): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20261122/${REGION}/kms/aws4_request, SignedHeaders=host, Signature=none`;
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `TrentService.${operation}`,
    authorization,
  };
  const answer = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(fields) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${operation} of the emulator's KMS answers ${answer.status}: ${text}`);
  return text;
}

/** What a key's policy has so that the account's roles use it by their own policies. */
export const ACCOUNT_DECIDES = [
  { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "kms:*", Resource: "*" },
];
