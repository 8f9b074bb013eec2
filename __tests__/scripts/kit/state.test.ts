import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptErroredState, usePresentBackend, explainLock, lockIn, StateLocked } from "../../../scripts/kit/state";
import { temporaryFolder } from "../../support/temporary-folder";
import { ProgramFailed } from "../../../scripts/kit/process";

describe("present backend", () => {
  /** A folder with a configuration, and one without. */
  function folders(terraform: object): { from: string; to: string; override: () => unknown } {
    const [from, to] = [temporaryFolder("from"), temporaryFolder("to")];
    writeFileSync(join(from, "cdk.tf.json"), JSON.stringify({ terraform }));
    return {
      from,
      to,
      override: () => JSON.parse(readFileSync(join(to, "present_backend_override.tf.json"), "utf8")) as unknown,
    };
  }

  test("a local state is found from another folder", () => {
    const { from, to, override } = folders({
      backend: { local: { path: "../state.tfstate" } },
      required_version: ">= 1",
    });
    usePresentBackend(from, to);
    expect(override()).toEqual({
      terraform: {
        backend: { local: { path: join(from, "../state.tfstate"), workspace_dir: join(from, "terraform.tfstate.d") } },
      },
    });
  });

  test.each([
    { backend: { s3: { bucket: "b", key: "agent-api.tfstate", region: "eu-central-1", use_lockfile: true } } },
    { cloud: { organization: "o", workspaces: { name: "w" } } },
  ])("a state elsewhere stays where it is: %j", (terraform) => {
    const { from, to, override } = folders(terraform);
    usePresentBackend(from, to);
    expect(override()).toEqual({ terraform });
  });

  test("the workspace that a person has chosen is the other folder's too", () => {
    const { from, to } = folders({ backend: { local: {} } });
    mkdirSync(join(from, ".terraform"));
    writeFileSync(join(from, ".terraform/environment"), "blue");
    usePresentBackend(from, to);
    expect(readFileSync(join(to, ".terraform/environment"), "utf8")).toBe("blue");
  });

  test("a configuration without a backend is refused with what to do", () => {
    const { from, to } = folders({});
    expect(() => usePresentBackend(from, to)).toThrow(
      /cdk\.tf\.json names no backend, .*allowed: a block backend or cloud\. Write it anew: npx quickturn synth/,
    );
  });

  test("a state that terraform could not write is kept; without one nothing is made", () => {
    const { from, to } = folders({});
    expect(keptErroredState(from, to)).toBeUndefined();
    expect(existsSync(join(to, "errored.tfstate"))).toBe(false);
    writeFileSync(join(from, "errored.tfstate"), "{}");
    expect(readFileSync(keptErroredState(from, to)!, "utf8")).toBe("{}");
  });
});

describe("state lock", () => {
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
    expect(lockIn(REFUSED)).toEqual(LOCK);
    expect(lockIn(REFUSED.replaceAll(/^/gm, "│ "))).toEqual(LOCK);
    expect(lockIn(`{"@level":"error","diagnostic":{"detail":${JSON.stringify(REFUSED)}}}`)).toEqual(LOCK);
  });

  test("output without a lock names none", () => {
    expect(lockIn("Error: Error acquiring the state lock\n\nError message: AccessDenied")).toBeUndefined();
    expect(lockIn("Lock Info:\n  ID:\n")).toBeUndefined();
  });

  test("a refused run says who holds the lock, since when, and both ways on", () => {
    const error = explainLock(failed(REFUSED)) as StateLocked;
    expect(error).toBeInstanceOf(StateLocked);
    expect(error.lock).toEqual(LOCK);
    expect(error.message).toBe(
      `The state is locked, so nothing was changed:
  who        runner@build-7
  operation  OperationTypeApply
  since      2026-11-21 19:02:11.5 +0000 UTC
  state      states/quickturn-dev/agent-api.tfstate
  lock       1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c
Wait for that run: add --lock-timeout 10m. Where it is dead, its machine killed, free the lock: quickturn unlock 1c3d5b5e-5d4e-9c0e-8a34-4cfb6a3d1f8c`,
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
});
