import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { restoreState } from "../../../scripts/kit/local-state";
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
