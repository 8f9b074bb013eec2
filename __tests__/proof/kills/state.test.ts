import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../../scripts/kit/random";
import { startEmulator, type Emulator } from "../../../scripts/emulator/moto";
import { killTree } from "../../support/process-tree";
import { pipelineEnvironment, runProgram, runQuickturn, type Ended } from "../../support/command-line";
import { projectCopy } from "../../support/project-copy";
import { temporaryFolder } from "../../support/temporary-folder";

/**
 * The state is sacred: whatever runs at the same moment, is killed or finds no room, afterwards it is whole and holds
 * all that was made. The stack is of terraform's built-in resource alone, each of which takes half a second and writes
 * its name down; the next waits for it, so that an apply is under way for as long as the others need.
 */

const NAMES = Array.from({ length: 16 }, (_, index) => `part_${String(index).padStart(2, "0")}`);
const SEED = Number(process.env["QUICKTURN_TEST_SEED"] ?? 1);

const STACK = `import { DataResource, LocalBackend, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
export class AgentApiStack extends TerraformStack {
  constructor(scope: Construct, name: string) {
    super(scope, name);
    new LocalBackend(this, { path: \`../../../terraform.\${name}.tfstate\` });
    const word = new TerraformVariable(this, "word", { type: "string", default: "x" });
    let last: DataResource | undefined;
    for (const part of ${JSON.stringify(NAMES)}) {
      const made = new DataResource(this, part, { input: \`\${word.stringValue}-\${part}\`, ...(last && { dependsOn: [last] }) });
      made.addOverride("provisioner", [{ "local-exec": { command: \`sleep 0.5; echo \${part} >> "$MADE"\` } }]);
      last = made;
    }
    new TerraformOutput(this, "parts", { value: ${NAMES.length} });
  }
}
`;

let project: string;
let emulator: Emulator;
let environment: NodeJS.ProcessEnv;

const path = (name: string) => join(project, name);
const STATE = "terraform.agent-api.tfstate";
const inState = () =>
  (JSON.parse(readFileSync(path(STATE), "utf8")) as { resources: { name: string; instances: { status?: string }[] }[] })
    .resources;
const known = () =>
  inState()
    .map(({ name }) => name)
    .sort();
const made = () => (existsSync(path("made")) ? readFileSync(path("made"), "utf8").trim().split("\n") : []);
const setAside = () => readdirSync(project).filter((name) => name.includes(".cut-"));
const quickturn = (...args: string[]): Promise<Ended> => runQuickturn(args, { project, environment });
const APPLY = ["apply", "--auto-approve"];

beforeAll(async () => {
  project = projectCopy();
  writeFileSync(path("stacks/agent-api-stack.ts"), STACK);
  emulator = await startEmulator({ directory: path(".quickturn"), env: process.env });
  environment = { ...pipelineEnvironment(project, emulator.endpoint), MADE: path("made") };
  expect(await quickturn("synth")).toMatchObject({ code: 0 });
});
afterAll(() => emulator?.stop());

/** As before the first apply of all. */
function forget(): void {
  for (const name of readdirSync(project))
    if (name.startsWith(STATE) || name.startsWith(`.${STATE}`) || name === "made") rmSync(path(name));
}

/** Starts an apply as a person does, in a group of its own; and waits until it has made something. */
async function applying(): Promise<{ readonly child: ChildProcess; readonly ended: Promise<unknown[]> }> {
  const child = spawn(process.execPath, ["scripts/bin/quickturn.js", ...APPLY], {
    cwd: project,
    env: environment,
    stdio: "ignore",
    detached: true,
  });
  return { child, ended: once(child, "exit") };
}

async function untilMade(count: number, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (made().length < count && !isOver) await sleep(20);
}

test("200 plans at random moments of ten first applies: each apply ends as if nobody had looked, and no state is lost", async () => {
  const random = seededRandom(SEED);
  const plans: Ended[] = [];
  for (let round = 0; round < 10; round++) {
    forget();
    const { ended } = await applying();
    const look = async (): Promise<void> => {
      for (let time = 0; time < 5; time++) {
        await sleep(random() * 500);
        plans.push(await quickturn("plan"));
      }
    };
    await Promise.all([look(), look(), look(), look()]);
    expect(await ended).toEqual([0, null]);
    expect({ round, known: known(), made: made().sort(), aside: setAside() }).toEqual({
      round,
      known: NAMES,
      made: NAMES,
      aside: [],
    });
    expect(await quickturn("plan")).toMatchObject({ code: 0, stdout: "No changes.\n" });
  }
  expect(plans).toHaveLength(200);
  // 0 and 2: what it saw; 1: who holds the lock.
  const wrong = plans.filter(
    ({ code, stderr }) =>
      ![0, 2].includes(code) && !(code === 1 && /holds the (state's )?lock|is locked/i.test(stderr)),
  );
  expect(wrong).toEqual([]);
  const counts = Object.fromEntries(
    [0, 1, 2].map((wanted) => [wanted, plans.filter(({ code }) => code === wanted).length]),
  );
  console.info(
    `200 plans against ten first applies (seed ${SEED}): ${counts[1]} were told who holds the lock, ${counts[2]} saw changes, ${counts[0]} saw none; 0 states lost`,
  );
  expect(counts[1]).toBeGreaterThan(0);
}, 1_800_000);

test("of two first applies at once one makes everything, and the other is told who holds the lock, or finds nothing left to do", async () => {
  for (let round = 0; round < 5; round++) {
    forget();
    const both = await Promise.all([quickturn(...APPLY), quickturn(...APPLY)]);
    const codes = both.map(({ code }) => code).sort();
    expect({
      round,
      codes,
      said: both.map(({ stderr }) => stderr.slice(-600)),
      known: known(),
      made: made().sort(),
    }).toEqual({
      round,
      codes: [0, expect.any(Number)],
      said: expect.anything() as unknown,
      known: NAMES,
      made: NAMES,
    });
    expect([0, 1]).toContain(codes[1]);
    if (codes[1] === 1) expect(both.find(({ code }) => code === 1)?.stderr).toMatch(/lock|stale/i);
  }
}, 1_800_000);

test("killed with -9 at 50 points, the next apply goes on; and the state knows all that was told to it", async () => {
  const random = seededRandom(SEED + 1);
  const points: number[] = [];
  let applies = 0;
  while (points.length < 50) {
    forget();
    for (;;) {
      const before = existsSync(path(STATE)) && setAside().length === 0 && isWhole() ? known().length : 0;
      if (before === NAMES.length && isFinished()) break;
      const { child, ended } = await applying();
      applies += 1;
      await untilMade(made().length + Math.floor(random() * 3), ended);
      await sleep(random() * 600);
      if (child.exitCode === null && points.length < 50) {
        points.push(isWhole() ? known().length : -1);
        killTree(child.pid!);
      }
      await ended;
      if (points.length === 50) break;
    }
    expect(await quickturn(...APPLY)).toMatchObject({ code: 0 });
    expect({
      known: known(),
      unfinished: inState().filter(({ instances }) => instances.some(({ status }) => status !== undefined)),
    }).toEqual({ known: NAMES, unfinished: [] });
    expect(await quickturn("plan")).toMatchObject({ code: 0, stdout: "No changes.\n" });
  }
  console.info(
    `50 kills in ${applies} applies (seed ${SEED}), with ${[...new Set(points)].sort((one, other) => one - other).join(", ")} parts known`,
  );
}, 1_800_000);

/**
 * Steps on a disk of 16 MB, which is full once three parts are made. What the state could not take is kept where there
 * is room: the home is on another disk.
 */
const FULL_DISK = `
mount -t tmpfs -o size=16m tmpfs "$DISK" || exit 77
mkdir "$DISK/environments" && echo '{}' > "$DISK/environments/default.tfvars.json" && cd "$DISK"
quickturn() { node "$CLONE/scripts/bin/quickturn.js" "$@"; }
quickturn synth > /dev/null 2>&1
(until [ "$(wc -l < "$MADE" 2> /dev/null || echo 0)" -ge 3 ]; do sleep 0.05; done; cat /dev/zero > fill 2> /dev/null) &
quickturn apply --auto-approve > "$OUT/full" 2>&1; echo $? >> "$OUT/codes"; cp "$MADE" "$OUT/made-when-full"
quickturn apply --auto-approve > "$OUT/no-room" 2>&1; echo $? >> "$OUT/codes"
rm fill
quickturn apply --auto-approve > "$OUT/again" 2>&1; echo $? >> "$OUT/codes"
quickturn plan > "$OUT/plan" 2>&1; echo $? >> "$OUT/codes"
cp *.tfstate "$OUT/state"
`;

test("a disk that is full in the middle of an apply: the state is kept elsewhere, and the next apply goes on from it", async () => {
  forget();
  const [disk, out] = [temporaryFolder("disk"), temporaryFolder("out")];
  const { code, stderr } = await runProgram("unshare", ["-Urm", "bash", "-c", FULL_DISK], {
    project,
    environment: { ...environment, HOME: out, DISK: disk, OUT: out, CLONE: project },
  });
  // A machine may not let a user mount anything; then nothing was seen here.
  if (code === 77 || /unshare|Operation not permitted/.test(stderr))
    return console.warn(`Not seen: this machine allows no disk of its own (${stderr.trim()})`);
  const read = (name: string) => readFileSync(join(out, name), "utf8");
  expect(read("full")).toMatch(
    new RegExp(
      `Terraform could not write the state of what it has made: .* All of it is in \\S+errored\\.tfstate \\(serial \\d+\\)`,
    ),
  );
  expect(read("no-room")).toMatch(/There is room for \d+ KiB where .*; an apply takes 8 MiB/);
  expect(read("codes")).toBe("1\n64\n0\n0\n");
  expect(read("again")).toMatch(/it is now \S+errored\.tfstate, the newest that is whole/);
  // Nothing was made twice: what had been made when the disk was full was known.
  expect(made().sort()).toEqual(NAMES);
  expect(
    (JSON.parse(read("state")) as { resources: { name: string }[] }).resources.map(({ name }) => name).sort(),
  ).toEqual(NAMES);
}, 1_800_000);

const isWhole = () => {
  try {
    return known().length >= 0;
  } catch {
    return false;
  }
};
const isFinished = () => inState().every(({ instances }) => instances.every(({ status }) => status === undefined));
