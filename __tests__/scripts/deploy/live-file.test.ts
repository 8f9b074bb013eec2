import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptyRelease } from "../../../scripts/deploy/release";
import { liveRelease, readLiveFile, writeLive } from "../../../scripts/deploy/live-file";
import { temporaryFolder } from "../../support/temporary-folder";

const release = { ...emptyRelease("q-dev"), serial: 2, writer: "run", pinned: { worker: 7, api: null } };

test("is written twice, the same bytes each time, and read again", () => {
  const [project, stack] = [temporaryFolder("live"), temporaryFolder("stack")];
  const whose = { projectDirectory: project };
  writeLive(whose, stack, release);
  const text = readFileSync(join(project, "live.tfvars.json"), "utf8");
  expect(JSON.parse(text)).toEqual({ live_version: 7, release });
  expect(readFileSync(join(stack, "live.auto.tfvars.json"), "utf8")).toBe(text);
  expect(readLiveFile(whose)).toEqual(release);
  expect(liveRelease(whose, { deployment_name: "q-prod", settings: {} })).toEqual({ release: null, from: "nothing" });
  writeLive(whose, stack, null);
  expect([existsSync(join(stack, "live.auto.tfvars.json")), existsSync(join(project, "live.tfvars.json"))]).toEqual([
    false,
    true,
  ]);
});

test("each environment has its own", () => {
  const [project, stack] = [temporaryFolder("live"), temporaryFolder("stack")];
  writeLive({ projectDirectory: project, env: "prod" }, stack, release);
  expect(readLiveFile({ projectDirectory: project })).toBeNull();
  expect(readLiveFile({ projectDirectory: project, env: "prod" })).toEqual(release);
  expect(existsSync(join(project, "live.prod.tfvars.json"))).toBe(true);
});

test.each([
  ["{", "is no JSON object"],
  ['{"release":{"deployment":"q-dev"}}', "has a release that is none: release must have required property 'serial'"],
])("%s is refused", (text, message) => {
  const project = temporaryFolder("live");
  writeFileSync(join(project, "live.tfvars.json"), text);
  expect(() => readLiveFile({ projectDirectory: project })).toThrow(message);
});
