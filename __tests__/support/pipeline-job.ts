import { execFile, type ExecFileException } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "./stack-json";

/** A workflow of GitHub, as far as it is read here. */
export interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions: unknown;
  readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowJob {
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly "timeout-minutes": number;
  readonly steps: readonly WorkflowStep[];
}

export interface WorkflowStep {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `pull-request`, `deploy` or `drift`. */
export function readWorkflow(name: string): Workflow {
  return parse(readFileSync(join(PROJECT, ".github/workflows", `${name}.yml`), "utf8")) as Workflow;
}

/** What a step said and how it ended. */
export interface RunStep {
  readonly run: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface JobRun {
  readonly project: string;
  /** The runner's environment. What the workflow sets itself is laid over it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Values of `${{ … }}`, by what stands between; another one fails. */
  readonly expressions: Readonly<Record<string, string>>;
  /** Steps that cannot run here, by name; the test says why. */
  readonly without?: readonly string[];
}

/** Runs a job's own steps in order, as the runner does: by `bash -e`, up to the first that fails. Actions are left out. */
export async function runJob({ env = {}, steps }: WorkflowJob, { project, environment, expressions, without = [] }: JobRun): Promise<RunStep[]> {
  const evaluated = (values: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, evaluate(value, expressions)]));
  const done: RunStep[] = [];
  for (const { run, name = "", env: own = {} } of steps) {
    if (run === undefined || !run.includes("quickturn") || without.includes(name)) continue;
    const step = await shell(run, project, { ...environment, ...evaluated(env), ...evaluated(own) });
    done.push(step);
    if (step.code !== 0) break;
  }
  return done;
}

function evaluate(value: string, expressions: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const given = expressions[expression];
    if (given === undefined) throw new Error(`The workflow uses \${{ ${expression} }}; the test gives ${Object.keys(expressions).join(", ")}`);
    return given;
  });
}

function shell(run: string, cwd: string, env: NodeJS.ProcessEnv): Promise<RunStep> {
  return new Promise((resolve) => {
    execFile("bash", ["-e", "-c", run], { cwd, env, maxBuffer: 64 << 20 }, (error: ExecFileException | null, stdout, stderr) => resolve({ run, code: error ? Number(error.code ?? 1) : 0, stdout, stderr }));
  });
}
