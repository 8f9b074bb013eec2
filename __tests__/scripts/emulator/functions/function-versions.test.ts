import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFunctions, readAliases } from "../../../../scripts/emulator/applied/functions";
import { CodeStore, FunctionVersions } from "../../../../scripts/emulator/functions/function-versions";
import { State } from "../../../../scripts/emulator/applied/applied";
import { folder, lambda, state, writeZip, alias, functionArn } from "../fixtures";
import type { LambdaClient } from "@aws-sdk/client-lambda";

describe("code store", () => {
  test("code is kept by its hash, so an older version still finds its own", () => {
    const directory = folder();
    const store = new CodeStore(join(directory, "code"), directory);
    const read = (code: string) => readFunctions(State.parse(state(lambda(directory, { code }))))[0]!;
    const one = read("one");
    store.keep(one);
    const two = read("two");
    store.keep(two);
    store.keep(two);
    expect([one, two].map(({ newest }) => readFileSync(join(store.directoryOf(newest), "index.mjs"), "utf8"))).toEqual([
      "one",
      "two",
    ]);
    expect(readdirSync(join(directory, "code"))).toHaveLength(2);
  });

  test("a zip that changed after the apply is not run", () => {
    const directory = folder();
    const store = new CodeStore(join(directory, "code"), directory);
    const [applied] = readFunctions(State.parse(state(lambda(directory, { code: "applied" }))));
    writeZip(join(directory, applied!.filename), { "index.mjs": "edited" });
    store.keep(applied!);
    expect(() => store.directoryOf(applied!.newest)).toThrow(
      `Version 1 of function api was applied with a zip of SHA-256 ${applied!.newest.codeSha256}, ` +
        `which is not in ${join(directory, "code")}`,
    );
  });

  test("a zip with a path that leaves its folder is refused and leaves nothing behind", () => {
    const directory = folder();
    const store = new CodeStore(join(directory, "code"), directory);
    const [applied] = readFunctions(State.parse(state(lambda(directory, { code: "" }))));
    writeZip(join(directory, applied!.filename), { "../../evil.mjs": "x" });
    expect(() => store.keep(applied!)).toThrow('it holds the path "../../evil.mjs", which leaves its folder');
    expect(readdirSync(join(directory, "code"))).toEqual([]);
  });
});

describe("function versions", () => {
  async function load(
    aliased: string,
    weights: Record<string, number>,
    answer: () => Promise<unknown>,
  ): Promise<FunctionVersions> {
    const [newest] = lambda(folder(), { code: "", version: "2", memory_size: 1024 });
    const parsed = State.parse(state(newest!, alias("api", aliased, weights)));
    return FunctionVersions.load(readFunctions(parsed), readAliases(parsed), {
      send: answer,
    } as unknown as LambdaClient);
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

  test("a version that the state describes is not read from the emulator", async () => {
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
});
