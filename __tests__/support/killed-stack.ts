import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProxiedRequest } from "../../scripts/emulator/http";
import { FaultProxy } from "../../scripts/emulator/faults/fault-proxy";
import { planChanges, type ResourceChange } from "../../scripts/kit/plan-changes";
import { SILENT, type CommandResult } from "../../scripts/kit/context";
import { emulatorInventory } from "./emulator-inventory";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { restoreState } from "../../scripts/kit/local-state";
import { Terraform, type PlanInput } from "../../scripts/kit/terraform";
import { makeThrowAway } from "../../scripts/kit/loopback";
import { applyAdopting } from "../../scripts/deploy/apply";

/** A resource as terraform names it: its type and its id. */
export interface Known {
  readonly type: string;
  readonly id: string;
}

/**
 * When terraform is killed: after AWS has made the nth change, or the first change of a kind, and before terraform
 * receives the reply.
 */
type KillPoint = { readonly changes: number } | { readonly operation: RegExp };

/** What a kill left. */
interface Killed {
  /** The change whose reply terraform missed, such as `iam CreateRole`; undefined where the apply ended before. */
  readonly operation: string | undefined;
  /** What AWS holds and the state does not know. */
  readonly forgotten: readonly Known[];
}

interface KilledStackOptions {
  /** Folder of the synthesized stack; it is copied. */
  readonly stackDirectory: string;
  /** For all that is written; thrown away by the caller. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Settings of every apply. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Left out because the emulator takes a minute for it. A killed call can be repeated: it overwrites. */
const LEFT_OUT = "aws_s3_bucket_lifecycle_configuration";

const PLAN = "further.tfplan";

/** A stack that is applied to an emulator of its own by a terraform that can be killed. */
export class KilledStack {
  private provider: KeptProvider | undefined;

  private constructor(
    private readonly directory: string,
    readonly emulator: Emulator,
    private readonly connection: {
      /** Between terraform's provider and the emulator. */
      readonly calls: FaultProxy;
      /** The whole environment of terraform. */
      readonly sandbox: NodeJS.ProcessEnv;
    },
  ) {}

  static async start({ stackDirectory, folder, environment, settings }: KilledStackOptions): Promise<KilledStack> {
    const directory = join(folder, "stack");
    cpSync(stackDirectory, directory, { recursive: true, filter: (path) => !path.includes(".terraform") });
    leaveOut(join(directory, "cdk.tf.json"));
    makeThrowAway(directory, settings);
    const emulator = await startEmulator({ directory: folder, env: environment });
    const calls = await FaultProxy.start({ upstream: emulator.endpoint, random: () => 0 });
    const sandbox = sandboxEnvironment(environment, calls.url, folder);
    const stack = new KilledStack(directory, emulator, { calls, sandbox });
    await new Terraform({ directory, env: sandbox }).init();
    return stack;
  }

  /** Applies, adopting what is there, until the kill: of terraform and of its provider, at once. */
  async applyUntilKilled(point: KillPoint, input: PlanInput = {}): Promise<Killed> {
    const kill = new AbortController();
    let [changes, operation]: [number, string | undefined] = [0, undefined];
    const isIt = (call: string) => ("changes" in point ? (changes += 1) === point.changes : point.operation.test(call));
    this.connection.calls.setFaults([
      {
        kind: "hold-reply",
        when: (request) => {
          const call = operation === undefined ? readChangingCall(request) : undefined;
          if (call === undefined || !isIt(call)) return false;
          operation = call;
          return true;
        },
        held: () => kill.abort(),
      },
    ]);
    try {
      await this.converge(input, kill.signal);
    } catch (error) {
      if (!kill.signal.aborted) throw error;
      await this.endProvider();
    } finally {
      this.connection.calls.setFaults([]);
    }
    return { operation, forgotten: await this.forgotten() };
  }

  /** Applies to the end, adopting what is there. */
  async converge(input: PlanInput = {}, kill?: AbortSignal): Promise<CommandResult> {
    await restoreState(this.directory);
    return applyAdopting(await this.terraform(kill), input, {
      approve: async () => true,
      progress: SILENT,
      signal: new AbortController().signal,
    });
  }

  /** What a further plan would change. */
  async furtherPlan(input: PlanInput = {}): Promise<ResourceChange[]> {
    const terraform = await this.terraform();
    await terraform.plan(PLAN, input);
    return planChanges(await terraform.show(PLAN));
  }

  /** What AWS holds and the state does not know. */
  async forgotten(): Promise<Known[]> {
    const known = new Set(this.known().map(({ type, id }) => `${type} ${id}`));
    const held = Object.entries(await emulatorInventory(this.emulator.endpoint)).flatMap(([type, ids]) =>
      ids.map((id) => ({ type, id: this.asTerraformSees(id) })),
    );
    return held.filter(({ type, id }) => !known.has(`${type} ${id}`));
  }

  /** What the state knows. */
  known(): Known[] {
    const path = join(this.directory, "terraform.tfstate");
    if (!existsSync(path)) return [];
    const text = readFileSync(path, "utf8");
    // A kill may come when terraform has emptied the file, and not written it yet.
    if (text === "") return [];
    const { resources } = JSON.parse(text) as {
      resources: { mode: string; type: string; instances: { attributes: { id: string } }[] }[];
    };
    return resources
      .filter(({ mode }) => mode === "managed")
      .flatMap(({ type, instances }) => instances.map(({ attributes: { id } }) => ({ type, id })));
  }

  /** Terraform in the stack's folder, with a provider that is kept until the next kill. */
  async terraform(kill?: AbortSignal): Promise<Terraform> {
    const { directory } = this;
    const { sandbox } = this.connection;
    this.provider ??= await keepProvider({ directory, env: sandbox });
    return new Terraform({ directory, env: { ...sandbox, ...this.provider.variables }, ...(kill ? { kill } : {}) });
  }

  async stop(): Promise<void> {
    await this.endProvider();
    await this.connection.calls.stop();
    await this.emulator.stop();
  }

  private async endProvider(): Promise<void> {
    await this.provider?.stop();
    this.provider = undefined;
  }

  /** A queue's id is its address, which the emulator makes from the one that it is called by. */
  private asTerraformSees(id: string): string {
    return id.replace(this.emulator.endpoint, this.connection.calls.url);
  }
}

function leaveOut(path: string): void {
  const stack = JSON.parse(readFileSync(path, "utf8")) as { resource: Record<string, unknown> };
  delete stack.resource[LEFT_OUT];
  writeFileSync(path, JSON.stringify(stack));
}

/** Names of operations that change nothing. */
const READS = /^(Get|List|Describe|Head|Lookup|BatchGet|Query|Scan)/;

/**
 * The change that a call to AWS makes, such as `iam CreateRole` or `apigateway POST /restapis`; undefined where it only
 * reads. By the service's protocol, the operation is named by a header, by the body, or by method and path.
 */
export function readChangingCall(request: ProxiedRequest): string | undefined {
  const { method, path, service, body } = request;
  const operation = request.operation || /(?:^|&)Action=(\w+)/.exec(body.toString())?.[1];
  if (operation !== undefined) return READS.test(operation) ? undefined : `${service} ${operation}`;
  return method === "GET" || method === "HEAD" ? undefined : `${service} ${method} ${path}`;
}
