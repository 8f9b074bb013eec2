import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { startQuickturn } from "../../support/local-run";
import { until } from "../../support/until";
import { temporaryFolder } from "../../support/temporary-folder";

/** Starts a run, and gives it a signal in the middle of its apply. */
async function endedBy(
  signal: NodeJS.Signals,
  folder: string,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const { child, ended } = startQuickturn(["local"], { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder });
  const hasEnded = ended.then(() => true);
  while (!hasAppliedAny(folder) && !(await Promise.race([hasEnded, sleep(POLL_MS, false)])));
  child.kill(signal);
  const { code, stderr } = await ended;
  return { code, stderr: stripVTControlCharacters(stderr) };
}

/** What runs have left: their folders, and environments of the processes that have one as their home. */
const left = (folder: string) => ({
  folders: localFolders(folder),
  processes: environmentsOfProcesses().filter((each) => each.includes(`HOME=${folder}/quickturn-local-`)),
});
const NOTHING = { folders: [], processes: [] };

test.each([
  ["SIGINT", 130],
  ["SIGHUP", 129],
] as const)(
  "a run that %s ends in the middle of its apply leaves neither folders nor processes",
  async (signal, code) => {
    const folder = temporaryFolder("interrupted");
    expect(await endedBy(signal, folder)).toEqual({
      code,
      stderr: expect.stringContaining("✘ terraform apply") as unknown,
    });
    expect(left(folder)).toEqual(NOTHING);
  },
);

test("what a run that was killed has left is ended and deleted by the next one, before anything else", async () => {
  const folder = temporaryFolder("killed");
  expect((await endedBy("SIGKILL", folder)).code).toBeNull();
  expect(left(folder).processes.length).toBeGreaterThanOrEqual(2);
  const [name] = localFolders(folder);
  // This one finds no program to start, and gets no further.
  const { stderr } = await startQuickturn(["local"], { PATH: "/nowhere", HOME: folder, TMPDIR: folder }).ended;
  expect(stderr).toContain(`A run that was killed had left ${join(folder, name ?? "")} and `);
  await until("the kernel has forgotten the processes", () => left(folder).processes.length === 0);
  expect(left(folder)).toEqual(NOTHING);
});

const POLL_MS = 100;
const localFolders = (folder: string) => readdirSync(folder).filter((name) => name.startsWith("quickturn-local-"));

/**
 * Whether terraform has written a resource into its state: then the apply is under way, and takes long enough to be met
 * there.
 */
function hasAppliedAny(folder: string): boolean {
  const states = localFolders(folder).map((name) => join(folder, name, "cdktf.out/stacks/agent-api/terraform.tfstate"));
  return states.some((state) => existsSync(state) && readFileSync(state, "utf8").includes('"mode": "managed"'));
}

function environmentsOfProcesses(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8");
      } catch {
        return ""; // It ended meanwhile, or is another user's.
      }
    });
}
