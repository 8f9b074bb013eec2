import type { Attributes, PlanResource } from "../kit/plan-changes";
import { evaluate, type Scope } from "./expression";
import {
  indexConfigurations,
  isMarkedAt,
  listReferencedResources,
  type Path,
  type PlanJson,
  readPath,
  type ResourceConfiguration,
  type SourceResource,
  type StackSources,
  stripIndexes,
  Unknown,
} from "./plan-json";

/** Where an attribute leads: to a resource of the plan, or to something that the plan does not manage. */
type Target = AuditedResource | "elsewhere" | "unclear";

/** An attribute's expression in the configuration of a plan. */
interface ConfiguredExpression {
  readonly constant_value?: unknown;
  readonly references?: readonly string[];
}

/** A resource as an apply would leave it. */
export class AuditedResource {
  readonly address: string;
  readonly type: string;

  constructor(
    private readonly planned: PlanResource,
    private readonly plan: AuditedPlan,
    private readonly configuration: ResourceConfiguration | undefined,
  ) {
    this.address = planned.address;
    this.type = planned.type;
  }

  /** `module.a["x"].` of a resource in a module; empty in the root. */
  get module(): string {
    return /^(module\.[^.[]+(\[[^\]]*\])?\.)*/.exec(this.address)?.[0] ?? "";
  }

  /**
   * Value of an attribute, or at a path inside it. Undefined where it is not given, and AWS has its own default; {@link
   * Unknown} where it is given and known only after the apply. A value that is not in the plan is read from the
   * configuration.
   */
  get(...path: Path): unknown {
    const { after, after_unknown: marks } = this.planned.change;
    const value = readPath(after, path);
    if (value !== undefined && value !== null && !isEmpty(value)) return value;
    if (!isMarkedAt(marks, path)) return undefined;
    // An expression that yields null leaves the attribute to AWS, which then makes it.
    return this.readConfigured(path) ?? undefined;
  }

  /** The value for a message; a secret is not shown. */
  describe(...path: Path): string {
    const { after_sensitive: marks } = this.planned.change;
    if (marks === true || (typeof marks === "object" && isMarkedAt(marks, path))) return "a secret value";
    const value = this.get(...path);
    if (value === undefined) return "not given";
    if (value instanceof Unknown) return value.source ?? "known after the apply";
    const text = JSON.stringify(value);
    return text.length > 120 ? `${text.slice(0, 117)}...` : text;
  }

  /** Resources, as `type.name` of its own module, that an attribute's expression references. */
  listReferences(attribute: string): string[] {
    return listReferencedResources(this.expressionOf(attribute));
  }

  /** Whether the configuration gives the attribute. A block that an expression makes is not recognized. */
  isConfigured(attribute: string): boolean {
    return this.expressionOf(attribute) !== undefined;
  }

  /** Whether an expression, such as one of a setting, decides the attribute, and not a constant. */
  isComputed(attribute: string): boolean {
    const { constant_value: constant, references = [] } = this.expressionOf(attribute) ?? {};
    return references.length > 0 || String(constant).includes("${");
  }

  /** Its attributes, for expressions that reference it. */
  get attributes(): Attributes {
    const { after, after_unknown: marks = {} } = this.planned.change;
    const later = Object.entries(marks).filter(([name, mark]) => mark === true && (after?.[name] ?? null) === null);
    return { ...after, ...Object.fromEntries(later.map(([name]) => [name, new Unknown(`${this.address}.${name}`)])) };
  }

  private expressionOf(...path: Path): ConfiguredExpression | undefined {
    return readPath(this.configuration?.expressions, path) as ConfiguredExpression | undefined;
  }

  private readConfigured(path: Path): unknown {
    const block = String(path[0]);
    const expression = this.expressionOf(...path);
    if (typeof expression === "object" && "constant_value" in expression)
      return this.plan.evaluate(expression.constant_value, this.module);
    // The map `variables` of `environment[0].variables.X` is one expression.
    const map = path.length > 1 ? this.expressionOf(...path.slice(0, -1)) : undefined;
    if (map?.constant_value !== undefined)
      return readPath(this.plan.evaluate(map.constant_value, this.module), path.slice(-1));
    if (expression !== undefined) return new Unknown();
    // What is not configured is left to AWS. A block that an expression makes cannot be read.
    const mayBeDynamic = path.length > 1 && !this.isConfigured(block) && this.plan.mayBeDynamic(this, block);
    return mayBeDynamic ? new Unknown() : undefined;
  }
}

/** A plan's resources, and how they lead to each other. */
export class AuditedPlan {
  readonly resources: readonly AuditedResource[];
  /** Evaluated locals: many rules ask for the same policy document. */
  private readonly locals = new Map<string, unknown>();
  private readonly scope: Scope = { lookUp: (path) => this.lookUp(path) };

  /** @param sources the stack that was planned. Default: unknown */
  constructor(
    private readonly json: PlanJson,
    private readonly sources?: StackSources,
  ) {
    const byAddress = indexConfigurations(json.configuration?.root_module);
    this.resources = (json.resource_changes ?? [])
      .filter(({ mode, change }) => mode === "managed" && change.after !== null)
      .map((planned) => new AuditedResource(planned, this, byAddress.get(stripIndexes(planned.address))));
  }

  ofType(...types: readonly string[]): AuditedResource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }

  /** Where an attribute leads, among resources of some types. */
  findTarget(from: AuditedResource, attribute: string, ...types: readonly string[]): Target {
    const value = from.get(attribute);
    return this.findTargetOfValue(Array.isArray(value) ? (value as unknown[])[0] : value, { from, attribute, types });
  }

  /** Where one value leads that an attribute, or a path inside it, holds. */
  findTargetOfValue(
    value: unknown,
    {
      from,
      attribute,
      types,
    }: { readonly from: AuditedResource; readonly attribute: string; readonly types: readonly string[] },
  ): Target {
    const candidates = this.ofType(...types);
    const near = candidates.filter(({ module }) => module === from.module);
    const references = from.listReferences(attribute);
    const referenced = near.filter(({ address, module }) =>
      references.includes(stripIndexes(address).slice(stripIndexes(module).length)),
    );
    if (typeof value === "string") {
      const holdsValue = ({ attributes }: AuditedResource) => Object.values(attributes).includes(value);
      return [...referenced, ...candidates].find(holdsValue) ?? "elsewhere";
    }
    const source = value instanceof Unknown ? value.source : undefined;
    const exact = near.find(({ address }) => source?.startsWith(`${address}.`));
    return exact ?? (referenced.length === 1 ? referenced[0]! : "unclear");
  }

  /** Resources of a type whose attribute leads to this one. */
  listPointingAt(to: AuditedResource, type: string, attribute: string): AuditedResource[] {
    return this.ofType(type).filter((from) => this.findTarget(from, attribute, to.type) === to);
  }

  /** The same, and whether none is found while some lead to an unclear place. */
  findCompanions(
    of: AuditedResource,
    type: string,
    attribute: string,
  ): { readonly found: readonly AuditedResource[]; readonly isUnclear: boolean } {
    const found = this.listPointingAt(of, type, attribute);
    const leadsNowhere = (from: AuditedResource) => this.findTarget(from, attribute, of.type) === "unclear";
    return { found, isUnclear: found.length === 0 && this.ofType(type).some(leadsNowhere) };
  }

  /** What the sources say of a resource's lifecycle; undefined without sources, and in modules. */
  readLifecycle(resource: AuditedResource): Attributes | undefined {
    const source = this.findSource(resource);
    return source === undefined ? undefined : (source.lifecycle ?? {});
  }

  /** Whether an expression may make a block of a resource. The sources say it; a plan does not. */
  mayBeDynamic(resource: AuditedResource, block: string): boolean {
    const source = this.findSource(resource);
    return source === undefined || source.dynamic?.[block] !== undefined;
  }

  private findSource({ address, module, type }: AuditedResource): SourceResource | undefined {
    if (module !== "" || this.sources?.resource === undefined) return undefined;
    return this.sources.resource[type]?.[stripIndexes(address).slice(type.length + 1)] ?? {};
  }

  /** Evaluates a value of the configuration. Variables, locals and resources of modules stay unknown. */
  evaluate(value: unknown, module: string): unknown {
    return evaluate(value, module === "" ? this.scope : { lookUp: () => new Unknown() });
  }

  private lookUp([first = "", second = "", ...rest]: Path): unknown {
    if (first === "var") return this.readVariable(String(second));
    if (first === "local") return this.readLocal(String(second));
    const name = `${first}.${second}`;
    const instances = this.resources.filter(({ address, module }) => module === "" && stripIndexes(address) === name);
    if (rest[0] === "*") return this.isConfigured(name) ? instances.map(({ attributes }) => attributes) : new Unknown();
    const index = typeof rest[0] === "number" ? rest[0] : undefined;
    const inner = index === undefined ? rest : rest.slice(1);
    const found = index === undefined ? instances[0] : instances.find(({ address }) => address === `${name}[${index}]`);
    return found === undefined ? new Unknown() : (readPath(found.attributes, inner) ?? new Unknown());
  }

  private isConfigured(name: string): boolean {
    return this.json.configuration?.root_module?.resources?.some(({ address }) => address === name) ?? false;
  }

  /** The plan's value of a root variable; {@link Unknown} where the plan has none of that name, or hides it. */
  readVariable(name: string): unknown {
    const found = this.json.variables?.[name];
    // Values that are built from a sensitive variable would otherwise be shown.
    if (found === undefined || this.json.configuration?.root_module?.variables?.[name]?.sensitive === true)
      return new Unknown();
    return found.value ?? null;
  }

  private readLocal(name: string): unknown {
    const given = this.sources?.locals?.[name];
    if (given === undefined) return new Unknown();
    if (!this.locals.has(name)) this.locals.set(name, evaluate(given, this.scope));
    return this.locals.get(name);
  }
}

/** Terraform keeps what is not given as null, or as an empty list or text; `false` and 0 are values. */
const isEmpty = (value: unknown): boolean => value === "" || (Array.isArray(value) && value.length === 0);
