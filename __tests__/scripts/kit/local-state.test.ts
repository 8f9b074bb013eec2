import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  copyErroredState,
  findErroredState,
  findKeptState,
  keepState,
  parseStateHead,
  restoreState,
} from "../../../scripts/kit/local-state";
import { temporaryFolder } from "../../support/temporary-folder";
import { holdTimers } from "../emulator/fixtures";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../support/timers-promises"));
beforeEach(holdTimers);
afterEach(() => jest.useRealTimers());

/** Restores after the second in which another run may still be writing. */
async function restored(directory: string): ReturnType<typeof restoreState> {
  const looked = restoreState(directory);
  jest.advanceTimersByTime(1_000);
  return looked;
}

/** An initialized folder with a local backend, as the stack has it, and these files where its state is. */
function folderWith(
  files: Readonly<Record<string, string>>,
  backend: unknown = { type: "local", config: { path: "../terraform.agent-api.tfstate" } },
) {
  const project = temporaryFolder("state");
  const directory = join(project, "stack");
  mkdirSync(join(directory, ".terraform"), { recursive: true });
  writeFileSync(join(directory, ".terraform/terraform.tfstate"), JSON.stringify({ version: 3, backend }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
  return { directory, path: join(project, "terraform.agent-api.tfstate") };
}
const STATE = '{"serial":7}';

test.each(["", '{"serial":8,"resour'])(
  "a state that a kill left as %j is the last copy again, for its owner's eyes only",
  async (content) => {
    const { directory, path } = folderWith({
      "terraform.agent-api.tfstate": content,
      "terraform.agent-api.tfstate.backup": STATE,
    });
    expect(await restored(directory)).toEqual({ path, aside: `${path}.cut-1`, backup: `${path}.backup` });
    expect(readFileSync(path, "utf8")).toBe(STATE);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readFileSync(`${path}.cut-1`, "utf8")).toBe(content);
    expect(await restored(directory)).toBeUndefined();
  },
);

test("what an earlier kill left is never overwritten", async () => {
  const { directory, path } = folderWith({
    "terraform.agent-api.tfstate": "second",
    "terraform.agent-api.tfstate.cut-1": "first",
    "terraform.agent-api.tfstate.backup": STATE,
  });
  expect(await restored(directory)).toMatchObject({ aside: `${path}.cut-2` });
  expect([1, 2].map((number) => readFileSync(`${path}.cut-${number}`, "utf8"))).toEqual(["first", "second"]);
});

test("without a copy that can be read the file goes: terraform then knows nothing, instead of failing", async () => {
  const copies: Record<string, string>[] = [{}, { "terraform.agent-api.tfstate.backup": "{" }];
  for (const copy of copies) {
    const { directory, path } = folderWith({ "terraform.agent-api.tfstate": "{", ...copy });
    expect(await restored(directory)).toEqual({ path, aside: `${path}.cut-1`, backup: undefined });
    expect(existsSync(path)).toBe(false);
  }
});

test("a whole state, none at all, and another backend's are left alone", async () => {
  const whole = folderWith({ "terraform.agent-api.tfstate": STATE, "terraform.agent-api.tfstate.backup": "{}" });
  expect(await restored(whole.directory)).toBeUndefined();
  expect(readFileSync(whole.path, "utf8")).toBe(STATE);
  expect(await restored(folderWith({ "terraform.agent-api.tfstate.backup": STATE }).directory)).toBeUndefined();
  expect(
    await restored(folderWith({ "terraform.agent-api.tfstate": "" }, { type: "s3", config: {} }).directory),
  ).toBeUndefined();
});

test("one that another run is writing at this moment is left to it", async () => {
  const { directory, path } = folderWith({
    "terraform.agent-api.tfstate": "",
    "terraform.agent-api.tfstate.backup": "{}",
  });
  const looked = restoreState(directory);
  jest.advanceTimersByTime(999);
  writeFileSync(path, STATE);
  jest.advanceTimersByTime(1);
  expect(await looked).toBeUndefined();
  expect(readFileSync(path, "utf8")).toBe(STATE);
});

const stateOf = (lineage: string, serial: number) => ({ version: 4, serial, lineage, resources: [] });
test("a state is kept in the stack's folder, for its owner's eyes only, and found as long as it is newer", () => {
  const directory = temporaryFolder("stack");
  expect(findErroredState(directory)).toBeUndefined();
  const path = join(directory, "errored.tfstate");
  expect(keepState(directory, stateOf("a", 8))).toEqual({ path, lineage: "a", serial: 8 });
  expect([JSON.parse(readFileSync(path, "utf8")), statSync(path).mode & 0o077]).toEqual([stateOf("a", 8), 0]);
  expect(findErroredState(directory)).toEqual({ path, lineage: "a", serial: 8 });
  expect([
    findKeptState(directory, { lineage: "a", serial: 7 })?.serial,
    findKeptState(directory, { lineage: "a", serial: 8 }),
    findKeptState(directory, { lineage: "b", serial: 1 }),
  ]).toEqual([8, undefined, undefined]);
});

test("where that has no room it is the home's, and the newest of all places is found", () => {
  const directory = temporaryFolder("stack");
  const home = temporaryFolder("home");
  mkdirSync(join(directory, "errored.tfstate"));
  const kept = keepState(directory, stateOf("l-1", 9), [home]);
  expect(kept?.path).toBe(join(home, "quickturn-l-1.errored.tfstate"));
  expect(findKeptState(directory, { lineage: "l-1", serial: 3 }, [home])).toEqual(kept);
});

test("the head of a file that is cut is known, and of one that holds nothing it is not", () => {
  expect(
    parseStateHead(
      '{\n  "version": 4,\n  "terraform_version": "1.11.4",\n  "serial": 5,\n  "lineage": "3aac-1",\n  "outp',
    ),
  ).toEqual({ serial: 5, lineage: "3aac-1" });
  expect([parseStateHead(""), parseStateHead('{"version": 4')]).toEqual([undefined, undefined]);
});

test("a kept state that is cut is ignored", () => {
  const directory = temporaryFolder("stack");
  writeFileSync(join(directory, "errored.tfstate"), '{"serial": 5, "lineage": "a"');
  expect(findErroredState(directory)).toBeUndefined();
});

test("a state that the backend did not take is copied; without one nothing is written", () => {
  const [from, to] = [temporaryFolder("from"), temporaryFolder("to")];
  expect(copyErroredState(from, to)).toBeUndefined();
  expect(existsSync(join(to, "errored.tfstate"))).toBe(false);
  writeFileSync(join(from, "errored.tfstate"), "{}");
  expect(readFileSync(copyErroredState(from, to)!, "utf8")).toBe("{}");
});
