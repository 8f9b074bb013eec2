import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "../../../stacks/contract/settings";
import type { CommandContext } from "../../../scripts/kit/context";
import { rollback } from "../../../scripts/deploy/rollback";
import { releaseAfterRollback } from "../../../scripts/deploy/rollback-commit";
import { temporaryFolder } from "../../support/temporary-folder";

/** What ends a rollback to a commit before terraform starts; e2e/rollback.test has the rest. */

const PATH = process.env["PATH"];
const context = (projectDirectory: string, environment: NodeJS.ProcessEnv = { PATH }): CommandContext => ({
  projectDirectory,
  environment,
  progress: { step: (_, work) => work(() => undefined), note: () => undefined },
  signal: new AbortController().signal,
});
const to = (ref: string) => ({ to: ref, allowReplace: false, autoApprove: true });

/** A repository with a commit that has these files. */
function repository(...files: string[]): string {
  const project = temporaryFolder("rollback");
  for (const file of files) {
    mkdirSync(join(project, file, ".."), { recursive: true });
    writeFileSync(join(project, file), "");
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: project,
      env: { PATH, HOME: project },
    });
  git("init", "--quiet");
  git("add", "-A");
  git("commit", "--quiet", "--allow-empty", "-m", "first");
  return project;
}

test("a ref that does not exist is refused with what is allowed, and what a pipeline fetches", async () => {
  await expect(rollback(context(repository("a")), to("baselin"))).rejects.toThrow(
    new RegExp(
      '^--to "baselin" is no profile \\(baseline, optimized, low_latency\\) and not previous, ' +
        'so it is taken for a commit\\. There is no commit "baselin" in .*' +
        "allowed: a commit, tag or branch that is fetched\\. A pipeline fetches one commit alone",
    ),
  );
});

test("a folder without a repository, and a machine without git, are refused", async () => {
  const folder = temporaryFolder("plain");
  await expect(
    rollback(context(folder, { PATH, GIT_CEILING_DIRECTORIES: join(folder, "..") }), to("HEAD")),
  ).rejects.toThrow(/is not in a git repository/);
  await expect(rollback(context(repository("a"), { PATH: "/nowhere" }), to("HEAD"))).rejects.toThrow(
    /git cannot be started/,
  );
});

test("a commit from before this layout is refused, and its folder is removed", async () => {
  const [before, temporary, project] = [
    process.env["TMPDIR"],
    temporaryFolder("own"),
    repository("scripts/bin/quickturn.js"),
  ];
  process.env["TMPDIR"] = temporary;
  await expect(
    rollback(context(project), to("HEAD")).finally(() =>
      before === undefined ? delete process.env["TMPDIR"] : (process.env["TMPDIR"] = before),
    ),
  ).rejects.toThrow(/^--to HEAD \([0-9a-f]{9}\) has no stacks\/app\.ts, so that .* Give a later commit\.$/);
  expect(readdirSync(temporary)).toEqual([]);
});

describe("the release afterwards", () => {
  const project = temporaryFolder("remembered");
  const release: Release = {
    deployment: "quickturn-dev",
    serial: 4,
    writer: "a",
    pinned: { worker: 2, api: null },
    canary: null,
    history: [],
  };
  const outputs = (settings: object) => ({ deployment_name: "quickturn-dev", settings });
  const stamp = { at: "2026-01-01T00:00:00Z", writer: "b" };

  test("nothing stays pinned, and the history has the reason", () => {
    expect(
      releaseAfterRollback({ projectDirectory: project }, outputs({ release }), { label: "HEAD~1 (0a1b2c3d4)", stamp }),
    ).toEqual({
      ...release,
      serial: 5,
      writer: "b",
      pinned: { worker: null, api: null },
      history: [
        {
          at: stamp.at,
          event: "rollback",
          worker: null,
          api: null,
          stable_worker: null,
          stable_api: null,
          weight: 0,
          reason: "to HEAD~1 (0a1b2c3d4)",
        },
      ],
    });
  });

  test("without a release there is none afterwards", () => {
    expect(releaseAfterRollback({ projectDirectory: project }, outputs({}), { label: "x", stamp })).toBeNull();
  });

  test("a canary on its way must be taken back first", () => {
    const versions = { worker: 1, api: null };
    const canary = {
      started_at: "2026-01-01",
      steps: [100],
      step: 0,
      phase: "shift",
      since: "2026-01-01",
      interval_seconds: 1,
      deadline_seconds: 1,
      on_inconclusive: "hold",
      only: [],
      max_latency_ratio: 2,
      stable: versions,
      candidate: versions,
      provisioned: versions,
    } as const;
    expect(() =>
      releaseAfterRollback({ projectDirectory: project }, outputs({ release: { ...release, canary } }), {
        label: "HEAD~1",
        stamp,
      }),
    ).toThrow(
      /^A canary is on its way since 2026-01-01, and HEAD~1 .* Take it back first: quickturn canary --abort\.$/,
    );
  });

  test("a rollback is refused where nothing is applied", () => {
    expect(() => releaseAfterRollback({ projectDirectory: project }, {}, { label: "HEAD~1", stamp })).toThrow(
      /^Nothing is applied.*Check HEAD~1 out and apply it: quickturn apply\.$/,
    );
  });
});
