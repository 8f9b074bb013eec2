import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { benchSynth, PEERS } from "../../../bench/synth";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";

const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(PROJECT, ...path), "utf8")) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    packages: Record<string, { integrity?: string; resolved?: string; inBundle?: boolean; hasInstallScript?: boolean }>;
  };

test("our stack is synthesized and counted, and peers that are not installed are told so", async () => {
  const {
    exitCode,
    figures,
    json: data,
  } = await benchSynth(
    { projectDirectory: PROJECT, environment: process.env, progress: SILENT, signal: new AbortController().signal },
    { runs: 1, peers: "no-such-folder" },
  );
  expect(exitCode).toBe(0);
  expect(figures.map(({ measured }) => measured)).toEqual(["not measured", "not measured"]);
  const { medians } = data as { medians: Record<string, { ms: number; resources: number }> };
  expect(medians["ours"]!.resources).toBeGreaterThan(100);
  expect(medians["start"]!.resources).toBe(0);
});

describe("the peers' programs", () => {
  test("are those that the benchmark knows", () =>
    expect(readdirSync(join(PROJECT, "bench", "peers")).sort()).toEqual(Object.keys(PEERS).sort()));

  test.each(Object.keys(PEERS))(
    "%s has one version of each package, locked by its hash, from no address, and without a script",
    (peer) => {
      const { dependencies = {} } = json("bench", "peers", peer, "package.json");
      expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
      const packages = Object.entries(json("bench", "peers", peer, "package-lock.json").packages).filter(
        ([folder]) => folder !== "",
      );
      expect(packages.length).toBeGreaterThanOrEqual(Object.keys(dependencies).length);
      const loose = packages.filter(
        ([, each]) =>
          (each.integrity === undefined && each.inBundle !== true) ||
          each.resolved !== undefined ||
          each.hasInstallScript === true,
      );
      expect(loose.map(([folder]) => folder)).toEqual([]);
      expect(readFileSync(join(PROJECT, "bench", "peers", peer, ".npmrc"), "utf8")).toContain("ignore-scripts=true");
    },
  );

  test("are no dependencies of the project: they are 600 MB", () => {
    const { dependencies, devDependencies } = json("package.json");
    expect(
      Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
        /aws-cdk|solutions-constructs|terraconstructs/.test(name),
      ),
    ).toEqual([]);
  });
});
