import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "../../../stacks/contract/settings";
import { emptyRelease } from "../../../scripts/deploy/release";
import {
  chooseRelease,
  describeRelease,
  dropOverriddenPins,
  liveRelease,
  readLiveFile,
  removeLiveCopy,
  writeLiveFile,
} from "../../../scripts/deploy/live-file";
import { temporaryFolder } from "../../support/temporary-folder";

describe("the live file", () => {
  const release = { ...emptyRelease("q-dev"), serial: 2, writer: "run", pinned: { worker: 7, api: null } };

  test("is written with its copy, and read again", () => {
    const [project, stack] = [temporaryFolder("live"), temporaryFolder("stack")];
    const whose = { projectDirectory: project };
    writeLiveFile(whose, stack, release);
    const text = readFileSync(join(project, "live.tfvars.json"), "utf8");
    expect(JSON.parse(text)).toEqual({ live_version: 7, release });
    expect(readFileSync(join(stack, "live.auto.tfvars.json"), "utf8")).toBe(text);
    expect(readLiveFile(whose)).toEqual(release);
    expect(liveRelease(whose, { deployment_name: "q-prod", settings: {} })).toEqual({ release: null, from: "nothing" });
    removeLiveCopy(stack);
    expect([existsSync(join(stack, "live.auto.tfvars.json")), existsSync(join(project, "live.tfvars.json"))]).toEqual([
      false,
      true,
    ]);
  });

  test("is separate for each environment", () => {
    const [project, stack] = [temporaryFolder("live"), temporaryFolder("stack")];
    writeLiveFile({ projectDirectory: project, env: "prod" }, stack, release);
    expect(readLiveFile({ projectDirectory: project })).toBeNull();
    expect(readLiveFile({ projectDirectory: project, env: "prod" })).toEqual(release);
    expect(existsSync(join(project, "live.prod.tfvars.json"))).toBe(true);
  });

  test.each([
    ["{", "is no JSON object"],
    ["{}", "has a release that is not valid: release is undefined; allowed: an object"],
    ['{"release":{"serial":"x"}}', 'release.serial is "x"; allowed: a number'],
    [
      '{"release":{"deployment":"q-dev"}}',
      "has a release that is not valid: release has no serial; release has no writer",
    ],
  ])("%s is refused", (text, message) => {
    const project = temporaryFolder("live");
    writeFileSync(join(project, "live.tfvars.json"), text);
    expect(() => readLiveFile({ projectDirectory: project })).toThrow(message);
  });
});

describe("the release that counts", () => {
  const release = (serial: number, change: Partial<Release> = {}): Release => ({
    ...emptyRelease("q-dev"),
    serial,
    writer: "run",
    ...change,
  });

  test.each<[string, Release | null, Release | null, string]>([
    ["a newer file wins", release(3), release(2), "file"],
    ["the same serial is the state's", release(2), release(2, { writer: "other" }), "state"],
    ["an older file loses", release(1), release(2), "state"],
    ["a file of another deployment is none", release(9, { deployment: "q-prod" }), release(2), "state"],
    ["without a file the state has it", null, release(2), "state"],
    ["a state that an apply without the file left has none", release(2), null, "file"],
    ["without either there is none", null, null, "nothing"],
  ])("%s", (_, file, state, from) => {
    const chosen = chooseRelease(file, state, "q-dev");
    expect(chosen.from).toBe(from);
    expect(chosen.release).toBe(from === "file" ? file : from === "state" ? state : null);
  });

  test("a file does not count where nothing is applied", () =>
    expect(chooseRelease(release(3), null, null)).toEqual({ release: null, from: "nothing" }));

  test("a pin is described with its reason and the commands that remove it; without one nothing is", () => {
    const history = [
      {
        at: "2026-11-21T12:00:00.000Z",
        event: "rolled_back",
        worker: 8,
        api: null,
        stable_worker: 7,
        stable_api: null,
        weight: 0,
        reason: "fail: slow",
      },
    ] as const;
    const pinned = release(2, { pinned: { worker: 7, api: null }, history });
    expect(describeRelease(pinned)).toBe(
      "Pinned by live.tfvars.json: live_version=7, since 2026-11-21T12:00:00.000Z: fail: slow. A newer version " +
        "is published and not live; quickturn canary makes it live step by step, quickturn apply --var " +
        "live_version=null at once.",
    );
    expect(describeRelease(release(2))).toBeUndefined();
  });

  test("only the pin that --var overrides is removed", () => {
    const pinned = release(2, { pinned: { worker: 7, api: 3 } });
    expect(dropOverriddenPins(pinned, ["live_version=null", "memory_size=1"], "me")).toEqual({
      ...pinned,
      pinned: { worker: null, api: 3 },
      serial: 3,
      writer: "me",
    });
    expect(dropOverriddenPins(pinned, ["memory_size=1"], "me")).toBe(pinned);
  });
});
