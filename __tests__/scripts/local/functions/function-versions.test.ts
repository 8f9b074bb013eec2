import type { LambdaClient } from "@aws-sdk/client-lambda";
import { readAliases, readFunctions } from "../../../../scripts/local/applied/applied-functions";
import { FunctionVersions } from "../../../../scripts/local/functions/function-versions";
import { State } from "../../../../scripts/local/applied/state";
import { alias, folder, functionArn, lambda, state } from "../fixtures";

async function load(
  aliased: string,
  weights: Record<string, number>,
  answer: () => Promise<unknown>,
): Promise<FunctionVersions> {
  const [newest] = lambda(folder(), { code: "", version: "2", memory_size: 1024 });
  const parsed = State.parse(state(newest!, alias("api", aliased, weights)));
  return FunctionVersions.load(readFunctions(parsed), readAliases(parsed), { send: answer } as unknown as LambdaClient);
}

const OLD = () =>
  Promise.resolve({
    Handler: "old.handler",
    Runtime: "nodejs22.x",
    MemorySize: 512,
    Timeout: 9,
    Environment: { Variables: { A: "old" } },
    CodeSha256: "b2xk",
  });

test("a weighted alias draws its version, each with its own configuration", async () => {
  const versions = await load("1", { 2: 0.1 }, OLD);
  const draw = (random: number) => versions.resolve(functionArn("api"), () => random)?.version;
  expect([draw(0.09)?.version, draw(0.1)?.version, draw(0.99)?.version]).toEqual(["2", "1", "1"]);
  expect(draw(0.05)?.memoryMiB).toBe(1024);
  expect(draw(0.5)).toMatchObject({
    memoryMiB: 512,
    timeoutSeconds: 9,
    environment: { A: "old" },
    codeSha256: "b2xk",
    handler: "old.handler",
  });
});

test("the emulator is not asked for what the state holds", async () => {
  const versions = await load("2", {}, () => Promise.reject(new Error("asked")));
  expect(versions.all()).toHaveLength(1);
  expect(versions.resolve(functionArn("api", "2"), Math.random)?.version.version).toBe("2");
  expect(versions.resolve(functionArn("api", "9"), Math.random)).toBeUndefined();
  expect(versions.resolve(functionArn("other"), Math.random)).toBeUndefined();
});

test("a version that the emulator does not have is an error that names it", async () => {
  await expect(load("1", {}, () => Promise.reject(new Error("404")))).rejects.toThrow(
    "An alias of function api names version 1, and the emulator does not give its configuration.",
  );
});
