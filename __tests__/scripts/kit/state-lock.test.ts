import { ProgramFailed } from "../../../scripts/kit/process";
import { explainLock, parseLock, StateLocked } from "../../../scripts/kit/state-lock";

/** As terraform 1.11.4 printed it for an s3 backend with a lock file. */
const INFO = `Lock Info:
  ID:        1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c
  Path:      states/quickturn-dev/agent-api.tfstate
  Operation: OperationTypeApply
  Who:       runner@build-7
  Version:   1.11.4
  Created:   2026-11-21 19:02:11.5 +0000 UTC
  Info:      
`;
const REFUSED = `
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
${INFO}

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time.
`;
const LOCK = {
  id: "1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c",
  path: "states/quickturn-dev/agent-api.tfstate",
  operation: "OperationTypeApply",
  who: "runner@build-7",
  created: "2026-11-21 19:02:11.5 +0000 UTC",
};
const failed = (stderr: string, stdout = "") => new ProgramFailed("terraform plan", { code: 1, stdout, stderr });

test("the lock is read from text, from text in a box, and from a machine-readable line", () => {
  expect(parseLock(REFUSED)).toEqual(LOCK);
  expect(parseLock(REFUSED.replaceAll(/^/gm, "│ "))).toEqual(LOCK);
  expect(parseLock(`{"@level":"error","diagnostic":{"detail":${JSON.stringify(REFUSED)}}}`)).toEqual(LOCK);
});

test("output without a lock names none", () => {
  expect(parseLock("Error: Error acquiring the state lock\n\nError message: AccessDenied")).toBeUndefined();
  expect(parseLock("Lock Info:\n  ID:\n")).toBeUndefined();
});

test("a refused run says who holds the lock, since when, and both ways on", () => {
  const error = explainLock(failed(REFUSED)) as StateLocked;
  expect(error).toBeInstanceOf(StateLocked);
  expect(error.lock).toEqual(LOCK);
  expect(error.message).toBe(
    [
      "The state is locked, so nothing was changed:",
      "  who        runner@build-7",
      "  operation  OperationTypeApply",
      "  since      2026-11-21 19:02:11.5 +0000 UTC",
      "  state      states/quickturn-dev/agent-api.tfstate",
      "  lock       1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c",
      "Wait for that run: add --lock-timeout 10m. Where it is dead, its machine killed, free the lock: " +
        "quickturn unlock 1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c",
    ].join("\n"),
  );
  expect(error.cause).toBeInstanceOf(ProgramFailed);
});

test("other failures stay what they are, one that names a lock for another reason too", () => {
  for (const other of [
    failed("Error: creating SQS Queue: AccessDenied"),
    failed(`Failed to unlock state: lock ID "x" does not match existing lock ID\n${INFO}`),
    new Error("else"),
  ])
    expect(explainLock(other)).toBe(other);
});
