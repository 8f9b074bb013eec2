import { execFile, type ExecFileException } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** Folder of the project, or of a copy of it. */
  readonly project: string;
  /** The whole environment; nothing is inherited. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Runs a program to its end, without a terminal, whatever its exit code is. */
export function runProgram(
  program: string,
  args: readonly string[],
  { project, environment }: Surroundings,
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd: project, env: environment, maxBuffer: 64 << 20 },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

/** Runs the project's own command line. */
export const runQuickturn = (args: readonly string[], surroundings: Surroundings): Promise<Ended> =>
  runProgram(process.execPath, [join("scripts", "bin", "quickturn.js"), ...args], surroundings);

/** Where this user's programs keep what they fetched: a test with a home of its own does not fetch it again. */
export const CACHE = { XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache") };

/**
 * What a pipeline's commands find in their environment, with an emulator for an account.
 * @param project is their home too
 */
export function pipelineEnvironment(project: string, emulator: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: project,
    ...CACHE,
    CI: "1",
    CHECKPOINT_DISABLE: "1",
    AWS_ENDPOINT_URL: emulator,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    GOGC: "400",
  };
}
